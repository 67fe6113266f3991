//! Numbers as the page writes them.

/// What values of a section are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Nanos,
    /// Bytes.
    Bytes,
    /// How often in a second: more is better.
    PerSecond,
    /// Seconds, or lines where the id says so.
    SecondsAndLines,
}

impl Unit {
    /// The unit of one id of a section.
    fn is_lines(self, id: &str) -> bool {
        self == Self::SecondsAndLines && id.contains("/lines")
    }

    /// How much more `ours` costs than `floor`.
    #[must_use]
    pub fn ratio(self, ours: f64, floor: f64) -> f64 {
        if self == Self::PerSecond { floor / ours } else { ours / floor }
    }

    /// A value with its unit.
    #[must_use]
    pub fn show(self, id: &str, value: f64) -> String {
        match self {
            Self::Nanos if value < 999.5 => format!("{} ns", digits(value)),
            Self::Nanos if value < 999.5e3 => format!("{} µs", digits(value / 1e3)),
            Self::Nanos => format!("{} ms", digits(value / 1e6)),
            Self::Bytes if value < 1024.0 * 1024.0 => format!("{} KiB", digits(value / 1024.0)),
            Self::Bytes => format!("{} MiB", digits(value / 1024.0 / 1024.0)),
            Self::PerSecond => format!("{}/s", grouped(value)),
            Self::SecondsAndLines if self.is_lines(id) => grouped(value),
            Self::SecondsAndLines => format!("{value:.2} s"),
        }
    }
}

/// Three digits that count.
fn digits(value: f64) -> String {
    match value {
        _ if value < 9.995 => format!("{value:.2}"),
        _ if value < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A whole number, with commas.
#[must_use]
pub fn grouped(value: f64) -> String {
    let plain = format!("{value:.0}");
    let (sign, number) = plain.split_at(plain.len() - plain.trim_start_matches('-').len());
    let with_commas = number.char_indices().flat_map(|(at, digit)| {
        let comma = at > 0 && (number.len() - at).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    });
    format!("{sign}{}", with_commas.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_the_unit_that_suits() {
        let time = |nanos| Unit::Nanos.show("", nanos);
        assert_eq!([4.613, 163.2, 999.7].map(time), ["4.61 ns", "163 ns", "1.00 µs"]);
        assert_eq!([24_264.0, 7_466_100.0].map(time), ["24.3 µs", "7.47 ms"]);
        assert_eq!(Unit::Bytes.show("", 216_801.0), "212 KiB");
        assert_eq!(Unit::Bytes.show("", 3_263_119.0), "3.11 MiB");
        assert_eq!(Unit::PerSecond.show("", 143_374.6), "143,375/s");
        assert_eq!(Unit::SecondsAndLines.show("compile/lines-10", 1340.0), "1,340");
        assert_eq!(Unit::SecondsAndLines.show("compile/seconds-10", 1.5), "1.50 s");
        assert_eq!([0.0, 999.0, -1_000.0, 12_345_678.0].map(grouped), ["0", "999", "-1,000", "12,345,678"]);
    }

    #[test]
    fn a_ratio_is_one_of_costs() {
        assert_eq!(Unit::Nanos.ratio(300.0, 200.0), 1.5);
        assert_eq!(Unit::PerSecond.ratio(200.0, 300.0), 1.5);
    }
}
