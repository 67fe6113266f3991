// Changes what dates and numbers look like by default, as far as a realm can.
export const attack = () => { Intl.DateTimeFormat = Intl.NumberFormat = class {}; Date = class { static now() { return 0; } }; Math.random = () => 0.5; Number.prototype.toLocaleString = () => 'x'; return Tool.echo('held'); };
