//! On what it was measured.

use std::fs;
use std::process::Command;

use sandbox_runtime::Engine;

use crate::measure::workspace;

/// Lines about the machine and the versions.
#[must_use]
pub fn lines() -> Vec<String> {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let lock = fs::read_to_string(workspace().join("Cargo.lock")).unwrap_or_default();
    let model = field(&processors, "model name").unwrap_or("a processor without a name");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let kib = field(&memory, "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse::<f64>().ok());
    let memory = kib.map(|kib| format!(", {:.0} GiB of memory", kib / 1024.0 / 1024.0)).unwrap_or_default();
    let version = |name: &str| format!("{name} {}", locked(&lock, name).unwrap_or("of some version"));
    vec![
        format!("{model}, {threads} processors{memory}, {}", said("uname", &["-sr"])),
        format!("{}, {}, {}", Engine::version(), version("deno_core"), said("rustc", &["--version"])),
        format!(
            "{}, commit {}",
            said("date", &["-u", "+%F"]),
            said("git", &["rev-parse", "--short", "HEAD"])
        ),
    ]
}

/// A value in a file of lines such as `name : value`.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

/// The version of a package in `Cargo.lock`.
fn locked<'t>(lock: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split('"').next()
}

/// What a program says.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(workspace()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| format!("`{program}` is not there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_names() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(field(text, "model name"), Some("Some CPU @ 2 GHz"));
        let lock = "[[package]]\nname = \"deno_core\"\nversion = \"0.413.0\"\n";
        assert_eq!((locked(lock, "deno_core"), locked(lock, "v8")), (Some("0.413.0"), None));
    }
}
