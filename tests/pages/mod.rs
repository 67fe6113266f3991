//! Tables in pages of the documentation, which tests write.

/// Replaces the text between a marker and the next empty line.
pub(crate) fn replace(page: &str, marker: &str, text: &str) -> String {
    let marker = format!("<!-- {marker} -->\n");
    let (before, after) = page.split_once(&marker).unwrap_or_else(|| panic!("the page has no `{marker}`"));
    let after = after.split_once("\n\n").map_or("", |(_, after)| after);
    format!("{before}{marker}{text}\n{after}")
}
