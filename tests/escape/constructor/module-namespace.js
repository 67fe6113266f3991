// A module can see its own namespace only through what it exports; here through the receiver of a default object.
export default { attack() { return $use(this, 'receiver') || $use(this.attack, 'function') || 'held'; } };
