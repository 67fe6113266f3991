//! The plots, as SVG.

use std::error::Error;

use plotters::coord::Shift;
use plotters::coord::ranged1d::SegmentValue;
use plotters::prelude::*;

use super::catalog::{Plot, Section};
use super::number::Unit;
use super::row::Row;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Points = Vec<(f64, f64)>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const WIDTH: u32 = 900;
const FONT: (&str, u32) = ("sans-serif", 14);
const OURS: RGBColor = RGBColor(0x1f, 0x77, 0xb4);
const FLOOR: RGBColor = RGBColor(0x88, 0x88, 0x88);
const WORSE: RGBColor = RGBColor(0xd6, 0x7a, 0x2c);

/// Draws the pairs of a section, of which there are some.
///
/// # Errors
///
/// When it cannot be drawn.
pub fn plot(section: &Section, rows: &[Row<'_>]) -> Result<String> {
    let mut svg = String::new();
    let height = match section.plot {
        Plot::Ratios => 90 + 34 * u32::try_from(rows.len())?,
        Plot::Over(_) => 380,
    };
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        match section.plot {
            Plot::Ratios => ratios(&area, section, rows)?,
            Plot::Over(what) => over(&area, section, rows, what)?,
        }
        area.present()?;
    }
    Ok(svg)
}

/// Where bars end that are longer: one row that is far from all others would leave nothing to see of them.
const LONGEST: f64 = 30.0;

/// Bars from 1 to the ratio: what is to the right costs more than by hand.
fn ratios(area: &Area<'_>, section: &Section, rows: &[Row<'_>]) -> Result<()> {
    let least = rows.iter().map(|row| row.ratio).fold(0.5, f64::min) * 0.9;
    let most = rows.iter().map(|row| row.ratio).fold(2.0, f64::max).min(LONGEST) * 1.3;
    let last = i32::try_from(rows.len())?;
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .caption(format!("{}: ratio to the floor, less is better", section.title), ("sans-serif", 16))
        .x_label_area_size(30)
        .y_label_area_size(330)
        .build_cartesian_2d((least..most).log_scale(), (0..last).into_segmented())?;
    let title = |at: &SegmentValue<i32>| match at {
        // The first is on top.
        SegmentValue::CenterOf(at) => usize::try_from(last - 1 - at)
            .ok()
            .and_then(|at| rows.get(at))
            .map(|row| row.work.title.replace('`', ""))
            .unwrap_or_default(),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .label_style(FONT)
        .y_labels(rows.len())
        .y_label_formatter(&title)
        .x_label_formatter(&|ratio| format!("{ratio}×"))
        .draw()?;
    for (row, at) in rows.iter().zip((0..last).rev()) {
        let ends = || (SegmentValue::Exact(at), SegmentValue::Exact(at + 1));
        let (low, high) = ends();
        let colour = if row.is_met() == Some(false) { WORSE } else { OURS };
        let mut bar = Rectangle::new([(1.0, low), (row.ratio.min(LONGEST), high)], colour.filled());
        bar.set_margin(5, 5, 0, 0);
        chart.draw_series([bar])?;
        let place = (row.ratio.clamp(1.0, LONGEST) * 1.02, SegmentValue::CenterOf(at));
        chart.draw_series([Text::new(format!("{:.2}×", row.ratio), place, FONT)])?;
        if let Some(most) = row.work.ratio {
            let (low, high) = ends();
            chart.draw_series([PathElement::new([(most, low), (most, high)], BLACK)])?;
        }
    }
    Ok(())
}
/// A line for each side, and each kind of thing in the section.
fn over(area: &Area<'_>, section: &Section, rows: &[Row<'_>], what: &str) -> Result<()> {
    // `compile/lines` has a unit of its own, and is only in the table.
    let rows = rows.iter().filter(|row| !row.work.id.contains("/lines"));
    let rows = rows.filter_map(|row| split(row.work.id).map(|(kind, count)| (kind, count, row)));
    let rows = rows.collect::<Vec<_>>();
    let values = || rows.iter().flat_map(|(_, _, row)| [row.ours, row.floor]);
    let (least, most) = (values().fold(f64::MAX, f64::min) * 0.7, values().fold(0.0, f64::max) * 1.4);
    let last = rows.iter().map(|(_, count, _)| *count).fold(1.0, f64::max) * 1.2;
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .caption(section.title, ("sans-serif", 16))
        .x_label_area_size(45)
        .y_label_area_size(90)
        .build_cartesian_2d((0.9..last).log_scale(), (least..most).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .label_style(FONT)
        .x_desc(what)
        .x_label_formatter(&|count| super::number::grouped(*count))
        .y_label_formatter(&|value| section.unit.show("", *value))
        .draw()?;
    let mut kinds = rows.iter().map(|(kind, ..)| *kind).collect::<Vec<_>>();
    kinds.dedup();
    for (number, kind) in kinds.iter().enumerate() {
        let of_kind = || rows.iter().filter(|(found, ..)| found == kind);
        let sides: [(&str, RGBColor, Points); 2] = [
            ("this project", OURS, of_kind().map(|(_, count, row)| (*count, row.ours)).collect()),
            ("floor", FLOOR, of_kind().map(|(_, count, row)| (*count, row.floor)).collect()),
        ];
        for (side, colour, points) in sides {
            let style = colour.mix(if number == 0 { 1.0 } else { 0.5 }).stroke_width(2);
            let name = if kinds.len() == 1 { side.to_owned() } else { format!("{kind}, {side}") };
            chart
                .draw_series(LineSeries::new(points.iter().copied(), style))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
            chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, style.filled())))?;
        }
    }
    chart
        .configure_series_labels()
        .label_font(FONT)
        .background_style(WHITE.mix(0.8))
        .border_style(FLOOR)
        .position(match section.unit {
            Unit::PerSecond => SeriesLabelPosition::LowerLeft,
            Unit::SecondsAndLines => SeriesLabelPosition::UpperLeft,
            _ => SeriesLabelPosition::MiddleRight,
        })
        .draw()?;
    Ok(())
}

/// `memory/sandbox/100` is 100 of the kind `sandbox`; `scale/10` has no other kind.
fn split(id: &str) -> Option<(&str, f64)> {
    let (kind, count) = id.rsplit_once(['/', '-'])?;
    Some((kind.rsplit('/').next()?, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::catalog::SECTIONS;
    use super::super::row::rows;
    use super::*;
    use crate::measure::{Sample, Side};

    #[test]
    fn ids_end_with_a_number() {
        assert_eq!(split("memory/sandbox/100"), Some(("sandbox", 100.0)));
        assert_eq!(split("compile/seconds-10"), Some(("seconds", 10.0)));
        assert_eq!(split("scale/1"), Some(("scale", 1.0)));
        assert_eq!(split("start/realm"), None);
    }

    #[test]
    fn every_section_can_be_drawn() {
        for section in &SECTIONS {
            let both =
                |id: &'static str| [Sample::new(id, Side::Ours, 300.0), Sample::new(id, Side::Floor, 200.0)];
            let samples = section.works.iter().flat_map(|work| both(work.id)).collect::<Vec<_>>();
            let svg = plot(section, &rows(section, &samples)).unwrap();
            assert!(svg.starts_with("<svg") && svg.contains(section.title), "{}", section.name);
        }
    }
}
