// Code in static blocks, in field initialisers and in computed names, as the module is evaluated.
// expect: guest
class A { static [Tool.echo('name')] = Tool.make(); static { this.gained = $use(this.name, 'static'); } static { Tool.refuse(); } }
export const attack = () => A.gained;
