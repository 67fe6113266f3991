//! Data as a table of text, for `console.table`.

use crate::value::JsValue;

/// The columns of a table, at most.
const COLUMNS: usize = 20;
/// The characters of a cell, at most.
const CELL: usize = 60;

/// A table: the names of its columns, and its rows.
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<(String, Vec<(String, String)>)>,
}

/// The column of the rows' names.
const INDEX: &str = "(index)";
/// The column of rows that have no columns of their own.
const VALUES: &str = "Values";

impl Table {
    /// A table of the rows of a collection; `None` for other data.
    pub(super) fn of(data: &JsValue) -> Option<Self> {
        let rows = match data {
            JsValue::Array(items) | JsValue::Set(items) => numbered(items),
            JsValue::Object(fields) => fields.iter().map(|(name, row)| (cut(name), row)).collect(),
            JsValue::Map(entries) => entries.iter().map(|(key, row)| (cell(key), row)).collect(),
            _ => return None,
        };
        let rows = rows.into_iter().map(|(name, row)| (name, cells(row))).collect::<Vec<_>>();
        let mut columns = Vec::new();
        for (column, _) in rows.iter().flat_map(|(_, cells)| cells) {
            if columns.len() < COLUMNS && !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        Some(Self { columns, rows })
    }

    /// Leaves these columns alone.
    pub(super) fn only(&mut self, columns: &[String]) {
        self.columns = columns.iter().take(COLUMNS).cloned().collect();
    }

    /// The table in lines.
    pub(super) fn text(&self) -> String {
        let head = std::iter::once(INDEX).chain(self.columns.iter().map(String::as_str)).collect::<Vec<_>>();
        let rows = self.rows.iter().map(|(name, cells)| {
            let cell = |column| cells.iter().find(|(of, _)| of == column).map_or("", |(_, text)| text);
            std::iter::once(name.as_str()).chain(self.columns.iter().map(cell)).collect::<Vec<_>>()
        });
        let rows = rows.collect::<Vec<_>>();
        let widest = |column: usize| {
            let cells = rows.iter().chain([&head]).map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths = (0..head.len()).map(widest).collect::<Vec<_>>();
        let rule = |left: char, between: &str, right: char| {
            let parts = widths.iter().map(|width| "─".repeat(width + 2)).collect::<Vec<_>>();
            format!("{left}{}{right}", parts.join(between))
        };
        let line = |row: &Vec<&str>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} "));
            format!("│{}│", cells.collect::<Vec<_>>().join("│"))
        };
        let body = rows.iter().map(line);
        let lines = [rule('┌', "┬", '┐'), line(&head), rule('├', "┼", '┤')].into_iter().chain(body);
        lines.chain([rule('└', "┴", '┘')]).collect::<Vec<_>>().join("\n")
    }
}

fn numbered(items: &[JsValue]) -> Vec<(String, &JsValue)> {
    (0..).map(|index: usize| index.to_string()).zip(items).collect()
}

fn cells(row: &JsValue) -> Vec<(String, String)> {
    match row {
        JsValue::Array(items) => numbered(items).into_iter().map(|(name, item)| (name, cell(item))).collect(),
        JsValue::Object(fields) => fields.iter().map(|(name, field)| (cut(name), cell(field))).collect(),
        other => vec![(VALUES.to_owned(), cell(other))],
    }
}

/// The name of a column.
pub(super) fn name(value: &JsValue) -> String {
    match value {
        JsValue::String(text) => cut(text),
        other => cell(other),
    }
}

/// A value as a line of the console has it.
pub(super) fn value(data: &JsValue) -> String {
    let text = data.to_js();
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).map_or_else(|| text.clone(), Into::into)
}

fn cell(data: &JsValue) -> String {
    cut(&value(data))
}

/// One line of at most [`CELL`] characters.
fn cut(text: &str) -> String {
    text.chars().take(CELL).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_the_columns_of_all_rows() {
        let row = |name: &str, value| JsValue::Object(vec![(name.to_owned(), JsValue::Number(value))]);
        let mut table = Table::of(&JsValue::Array(vec![row("a", 1.0), row("b", 2.0)])).expect("a table");
        let all = "┌─────────┬───┬───┐\n│ (index) │ a │ b │\n├─────────┼───┼───┤\n│ 0       │ 1 │   │\n│ 1       │   │ 2 │\n└─────────┴───┴───┘";
        assert_eq!(table.text(), all);
        table.only(&["b".to_owned()]);
        assert!(!table.text().contains('1') || table.text().contains("│ 1       │ 2 │"));
        assert!(Table::of(&JsValue::Number(1.0)).is_none());
    }

    #[test]
    fn a_table_is_bounded() {
        let fields = (0..1000).map(|n| (format!("{n}{}", "x".repeat(1000)), JsValue::Null)).collect();
        let table = Table::of(&JsValue::Array(vec![JsValue::Object(fields)])).expect("a table");
        assert!(table.text().len() < 5 * 3 * (COLUMNS + 1) * (CELL + 4));
    }
}
