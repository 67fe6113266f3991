//# lexical: numeric separators and radixes
return [1_000_000, 0xFF, 0o17, 0b1010, 1e3, .5, 5., 0x1F_FF, 1_0n];
//# lexical: legacy octal literals in sloppy code
return [010, 08, 0777, 019.5];
//# lexical: legacy octal literals in strict code!
"use strict"; return 010;
//# lexical: unicode escapes in identifiers
var \u0061b = 1, \u{63}d = 2; return { ab, cd };
//# lexical: identifiers beyond ASCII
var π = 3, ñandú = 1, 变量 = 2, $ = 4, _ = 5; return { π, ñandú, 变量, $, _ };
//# lexical: string escapes
return "\x41\u0042\u{1F600}\n\t\v\0\
joined\'\"\\";
//# lexical: octal escapes in sloppy strings
return "\101\0\7\377";
//# lexical: octal escapes in strict strings!
"use strict"; return "\101";
//# lexical: line separators in strings
return look("a b");
function look(s) { return [s.length, s.charCodeAt(1)]; }
//# lexical: comments of all kinds
/* one */ var a = 1; // two
<!-- three
var b = 2; /* four
five */ var c = 3
--> six
return [a, b, c];
//# lexical: automatic semicolons
let a = 1
let b = a
++b
return [a, b]
//# lexical: return ends at the line
function f() { return
  5 }
return f();
//# lexical: a regular expression or a division
var g = 2, a = 8; return [a / 2 / g, /2/g.test("2"), a
/2/g];
//# lexical: keywords as names of properties
return { if: 1, class: 2, new: 3, typeof: 4 }.class + { default: 5 }.default;
//# lexical: let, yield, await and async as names in sloppy code
var let_ = 1, yield = 2, await = 3, async = 4, of = 5, get = 6, set = 7, static = 8; return [yield, await, async, of, get, set, static];
//# lexical: yield as a name in strict code!
"use strict"; var yield = 1;
//# lexical: an unterminated template!
return `abc;
//# lexical: a private name outside of a class!
return ({}).#x;
//# lexical: a number before an identifier!
return 3in [];
//# lexical: a duplicate label!
a: a: ;
//# lexical: an escaped keyword!
\u0069f (true) {}
//# lexical: directive prologues
function strict() { "a directive"; 'use strict'; return this; }
function escaped() { "use\x20strict"; return typeof this; }
return [strict(), escaped()];
//# lexical: regular expression flags twice!
return /a/gg;
//# lexical: HTML-like comments end a line
var x = 1
x <!--y
return x;
//# lexical: BigInt forms
return [0n, -5n, 0xffn, 0b11n, 0o7n, 123456789012345678901234567890n];
//# lexical: hashbang is no comment inside!
#!nothing
return 1;
//# lexical: zero width joiners in identifiers
var a‍b = 7; return a‍b;
//# lexical: white space of all kinds
return [1, 2 ,　3,﻿4 , 5	,6];
