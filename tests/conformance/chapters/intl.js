//# intl: number formats
return [["en-US", {}], ["de-DE", { style: "currency", currency: "EUR" }], ["ja-JP", { style: "currency", currency: "JPY" }], ["en-IN", {}], ["en", { style: "percent", maximumFractionDigits: 1 }], ["en", { notation: "compact" }], ["en", { style: "unit", unit: "liter", unitDisplay: "long" }], ["ar-EG", {}], ["fr", { notation: "scientific" }], ["en", { signDisplay: "always" }], ["en", { minimumIntegerDigits: 8, useGrouping: false }]].map(([l, o]) => new Intl.NumberFormat(l, o).format(1234567.891));
//# intl: parts of numbers
return new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" }).formatToParts(-1234.5);
//# intl: ranges, BigInts and text
const f = new Intl.NumberFormat("en", { maximumFractionDigits: 0 }); return [f.formatRange(3, 5), f.format(12345678901234567890n), f.format("12345678901234567890.5")];
//# intl: a bad currency!
new Intl.NumberFormat("en", { style: "currency", currency: "X" });
//# intl: a currency that is missing!
new Intl.NumberFormat("en", { style: "currency" });
//# intl: a bad locale!
new Intl.NumberFormat("not_a_locale");
//# intl: date formats
const d = new Date(0); return [["en-US", { timeZone: "UTC" }], ["de-DE", { dateStyle: "full", timeStyle: "long", timeZone: "Europe/Berlin" }], ["ja-JP", { dateStyle: "medium", timeZone: "Asia/Tokyo" }], ["en", { timeZone: "America/New_York", hour: "numeric", minute: "2-digit", timeZoneName: "short" }], ["en-u-ca-buddhist", { year: "numeric", timeZone: "UTC" }], ["ar", { dateStyle: "short", timeZone: "UTC" }]].map(([l, o]) => new Intl.DateTimeFormat(l, o).format(d));
//# intl: parts of dates
return new Intl.DateTimeFormat("en-US", { timeZone: "UTC", year: "numeric", month: "long", day: "numeric", weekday: "short" }).formatToParts(new Date(0));
//# intl: ranges of dates
return new Intl.DateTimeFormat("en-US", { timeZone: "UTC", dateStyle: "medium" }).formatRange(new Date(0), new Date(864e5 * 40));
//# intl: a bad time zone!
new Intl.DateTimeFormat("en", { timeZone: "Mars/Olympus" });
//# intl: an invalid date!
new Intl.DateTimeFormat("en").format(NaN);
//# intl: daylight saving
const f = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", hour: "2-digit", minute: "2-digit", timeZoneName: "shortOffset" }); return [f.format(Date.UTC(2024, 2, 31, 0, 59)), f.format(Date.UTC(2024, 2, 31, 1, 0))];
//# intl: collation
const s = (l, o) => ["z", "ä", "a", "Z", "10", "2"].sort(new Intl.Collator(l, o).compare); return [s("de"), s("sv"), s("en", { numeric: true }), s("en", { caseFirst: "upper" })];
//# intl: plural rules
const f = (l, o) => { const r = new Intl.PluralRules(l, o); return [0, 1, 2, 3, 5, 11, 21, 1.5].map((n) => r.select(n)); }; return [f("en"), f("pl"), f("ar"), f("en", { type: "ordinal" }), new Intl.PluralRules("en").selectRange(1, 2)];
//# intl: segmentation
const f = (l, g, s) => [...new Intl.Segmenter(l, { granularity: g }).segment(s)].map((x) => [x.segment, x.index, x.isWordLike]); return [f("en", "grapheme", "e\u0301👨‍👩‍👧🇩🇪"), f("en", "word", "Hi, you."), f("ja", "word", "東京都に行く"), f("en", "sentence", "One. Two!")];
//# intl: lists
return [["en", {}], ["de", { type: "disjunction" }], ["en", { style: "narrow", type: "unit" }], ["ja", {}]].map(([l, o]) => new Intl.ListFormat(l, o).format(["a", "b", "c"]));
//# intl: a list of what is no text!
new Intl.ListFormat("en").format([1]);
//# intl: relative times
const f = (l, o) => new Intl.RelativeTimeFormat(l, o); return [f("en").format(-1, "day"), f("en", { numeric: "auto" }).format(-1, "day"), f("de", { numeric: "auto" }).format(2, "day"), f("en").formatToParts(3, "hours"), f("fr", { style: "short" }).format(5, "month")];
//# intl: a bad unit!
new Intl.RelativeTimeFormat("en").format(1, "fortnight");
//# intl: display names
return [new Intl.DisplayNames("en", { type: "region" }).of("DE"), new Intl.DisplayNames("de", { type: "language" }).of("fr"), new Intl.DisplayNames("en", { type: "currency" }).of("JPY"), new Intl.DisplayNames("en", { type: "script" }).of("Cyrl")];
//# intl: locales
const l = new Intl.Locale("de-Latn-DE-u-ca-gregory-nu-latn", { hourCycle: "h23" }); return [String(l), l.language, l.region, l.calendar, l.hourCycle, l.minimize().toString(), new Intl.Locale("zh").maximize().toString(), Intl.getCanonicalLocales("EN-us")];
//# intl: durations
return typeof Intl.DurationFormat === "function" ? new Intl.DurationFormat("en", { style: "long" }).format({ hours: 1, minutes: 30 }) : "none";
//# intl: resolved options
const { locale, numberingSystem, style, ...rest } = new Intl.NumberFormat("de-u-nu-thai").resolvedOptions(); return [locale, numberingSystem, style, rest];
//# intl: supported
return [Intl.NumberFormat.supportedLocalesOf(["de", "tlh", "en-XX"]), Intl.supportedValuesOf("calendar").includes("gregory"), Intl.supportedValuesOf("unit").length > 10];
//# intl: called without new
return [Intl.NumberFormat("en").format(1.5), Intl.DateTimeFormat("en", { timeZone: "UTC" }).format(0), typeof Intl.Collator("en").compare];
//# intl: Segmenter without new!
Intl.Segmenter("en");
//# intl: format is bound
const { format } = new Intl.NumberFormat("en"); return [[1, 2].map(format), format.name, format.length];
//# intl: subclasses
class F extends Intl.NumberFormat { format(n) { return "~" + super.format(n); } } return new F("en").format(5);
//# intl: its names
return [Reflect.ownKeys(Intl).map(String).sort(), String(Intl)];
//# intl: toLocaleString of many
return [(1234.5).toLocaleString("de"), (0.5).toLocaleString("en", { style: "percent" }), [1.5, 2].toLocaleString("de"), Object.prototype.toLocaleString.call({ toString: () => "mine" })];
//# intl: the locale by default
return [new Intl.NumberFormat().resolvedOptions().locale, new Intl.DateTimeFormat().resolvedOptions().timeZone];
