// A thrown value that is no Error and as large as may be.
// expect: guest
export const attack = () => { let dag = [1]; for (let i = 0; i < 40; i++) dag = [dag, dag]; throw dag; };
