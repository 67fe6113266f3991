//! Pairs, their ratios, and whether they are what is wanted.

use super::catalog::{Section, Work};
use crate::measure::{Sample, Side};

/// A pair that was measured.
pub struct Row<'a> {
    /// What it is.
    pub work: &'a Work,
    /// Of this project.
    pub ours: f64,
    /// Of the floor.
    pub floor: f64,
    /// How much more ours costs.
    pub ratio: f64,
}

/// The pairs of a section of which both sides were measured.
#[must_use]
pub fn rows<'a>(section: &'a Section, samples: &[Sample]) -> Vec<Row<'a>> {
    let value = |id: &str, side: Side| {
        samples.iter().find(|sample| sample.id == id && sample.side == side).map(|sample| sample.value)
    };
    let row = |work: &'a Work| {
        let (ours, floor) = (value(work.id, Side::Ours)?, value(work.id, Side::Floor)?);
        let ratio = value(work.id, Side::Ratio).unwrap_or_else(|| section.unit.ratio(ours, floor));
        Some(Row { work, ours, floor, ratio })
    };
    section.works.iter().filter_map(row).collect()
}

impl Row<'_> {
    /// Whether all targets are met; nothing where there are none.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        let ratio = self.work.ratio.map(|most| self.ratio <= most);
        let value = self.work.at_most.map(|most| self.ours <= most);
        match (ratio, value) {
            (None, None) => None,
            (ratio, value) => Some(ratio.unwrap_or(true) && value.unwrap_or(true)),
        }
    }

    /// The cells of its line on the page.
    #[must_use]
    pub fn cells(&self, section: &Section) -> [String; 5] {
        let unit = section.unit;
        let ratio = self.work.ratio.map(|most| (format!("≤ {most:.2} ×"), self.ratio <= most));
        let value =
            self.work.at_most.map(|most| (format!("≤ {}", unit.show(self.work.id, most)), self.ours <= most));
        let verdict =
            |(text, met): (String, bool)| format!("{text} {}", if met { "met" } else { "**not met**" });
        let targets = ratio.into_iter().chain(value).map(verdict).collect::<Vec<_>>().join(", ");
        [
            format!("{:.2} ×", self.ratio),
            targets,
            self.work.title.to_owned(),
            unit.show(self.work.id, self.ours),
            unit.show(self.work.id, self.floor),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog::SECTIONS;
    use super::*;

    fn section(name: &str) -> &'static Section {
        SECTIONS.iter().find(|section| section.name == name).unwrap()
    }

    fn pair(id: &str, ours: f64, floor: f64) -> [Sample; 2] {
        [Sample::new(id, Side::Ours, ours), Sample::new(id, Side::Floor, floor)]
    }

    #[test]
    fn sides_are_paired_by_id_and_halves_left_out() {
        let mut samples = pair("host-to-guest/add", 300.0, 200.0).to_vec();
        samples.push(Sample::new("host-to-guest/order", Side::Ours, 1.0));
        samples.extend(pair("host-to-guest/unheard-of", 1.0, 1.0));
        let rows = rows(section("host-to-guest"), &samples);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].work.id, rows[0].ratio), ("host-to-guest/add", 1.5));
    }

    #[test]
    fn a_ratio_that_was_measured_is_taken() {
        let mut samples = pair("host-to-guest/add", 300.0, 200.0).to_vec();
        samples.push(Sample::new("host-to-guest/add", Side::Ratio, 1.25));
        assert_eq!(rows(section("host-to-guest"), &samples)[0].ratio, 1.25);
    }

    #[test]
    fn a_target_is_met_or_not_met() {
        let cells = |name: &str, id: &str, ours: f64, floor: f64| {
            let section = section(name);
            let samples = pair(id, ours, floor);
            let row = &rows(section, &samples)[0];
            (row.is_met(), row.cells(section))
        };
        let (met, line) = cells("host-to-guest", "host-to-guest/add", 230.0, 200.0);
        assert_eq!(met, Some(true));
        assert_eq!(line, ["1.15 ×", "≤ 1.15 × met", "`(f64, f64) -> f64`", "230 ns", "200 ns"]);
        let (met, line) = cells("start", "start/sandbox", 2.9e6, 1e6);
        assert_eq!((met, &line[1][..]), (Some(false), "≤ 1.30 × **not met**, ≤ 3.00 ms met"));
        let (met, line) = cells("scale", "scale/1000", 100.0, 200.0);
        assert_eq!((met, &line[0][..], &line[1][..]), (None, "2.00 ×", ""));
    }
}
