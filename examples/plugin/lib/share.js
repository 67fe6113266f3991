import { cents } from 'round';

/** A share of a total, in per cent. */
export const share = (percent, total) => cents((total * percent) / 100);
