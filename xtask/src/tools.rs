//! The programs and headers that builds need: what is missing is installed where that is allowed, and named otherwise.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::{Result, say};

/// Something that must be installed, and the package that has it: of apt, dnf, pacman and brew, in this order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    name: &'static str,
    is_there: fn() -> bool,
    packages: [&'static str; 4],
}

/// Cargo links with it.
pub(crate) const COMPILER: Tool = Tool {
    name: "a C compiler",
    is_there: || is_program("cc") || is_program("clang") || cfg!(windows),
    packages: ["gcc libc6-dev", "gcc", "gcc", "llvm"],
};
pub(crate) const CMAKE: Tool =
    Tool { name: "cmake", is_there: || is_program("cmake"), packages: ["cmake", "cmake", "cmake", "cmake"] };
pub(crate) const MAKE: Tool = Tool {
    name: "make",
    is_there: || is_program("make") || cfg!(windows),
    packages: ["make", "make", "make", "make"],
};
/// Of the Python that [`python`] finds.
pub(crate) const PIP: Tool = Tool {
    name: "Python's pip",
    is_there: || {
        let pip = |python| Command::new(python).args(["-m", "pip", "--version"]).output();
        python().is_some_and(|python| pip(python).is_ok_and(|output| output.status.success()))
    },
    packages: ["python3 python3-pip", "python3-pip", "python-pip", "python"],
};
/// The places are those of `simde.cmake`.
pub(crate) const SIMDE: Tool = Tool {
    name: "the simde headers",
    is_there: || {
        let prefixes = ["/usr/include", "/usr/local/include", "/opt/homebrew/include"];
        prefixes.iter().any(|prefix| Path::new(prefix).join("simde/x86/sse4.2.h").exists())
    },
    packages: ["libsimde-dev", "simde-devel", "simde", "simde"],
};
/// It counts instructions.
pub(crate) const VALGRIND: Tool = Tool {
    name: "valgrind",
    is_there: || is_program("valgrind"),
    packages: ["valgrind", "valgrind", "valgrind", "valgrind"],
};

/// The ways to install packages: a program, and the words before the packages.
const MANAGERS: [(&str, &str); 4] = [
    ("apt-get", "apt-get install --yes --no-install-recommends"),
    ("dnf", "dnf install --assumeyes"),
    ("pacman", "pacman --sync --noconfirm"),
    ("brew", "brew install"),
];

const APT_UPDATE: &str = "apt-get update --quiet=2";

/// Whether a program can be run.
pub(crate) fn is_program(name: &str) -> bool {
    let quiet = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok()
}

/// The name of Python 3 here, if it is installed.
pub(crate) fn python() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|name| is_program(name))
}

/// Sees to it that tools are there.
///
/// # Errors
///
/// What is missing and the command that installs it, when this process may not do so itself.
pub(crate) fn need(what_for: &str, tools: &[Tool]) -> Result<()> {
    let missing =
        |tools: &[Tool]| -> Vec<Tool> { tools.iter().filter(|tool| !(tool.is_there)()).copied().collect() };
    let absent = missing(tools);
    if absent.is_empty() {
        return Ok(());
    }
    let manager = MANAGERS.iter().position(|(program, _)| is_program(program));
    let install = manager.map(|at| format!("{} {}", MANAGERS[at].1, packages(&absent, at)));
    let names = absent.iter().map(|tool| tool.name).collect::<Vec<_>>().join(", ");
    let Some(install) = install else {
        return Err(format!(
            "{what_for} needs {names}; on Debian, `apt-get install {}` installs what is missing",
            packages(&absent, 0)
        ));
    };
    if manager != Some(0) || !is_root() {
        let sudo = if manager == Some(3) { "" } else { "sudo " };
        return Err(format!(
            "{what_for} needs {names}; to install what is missing:\n\n    {sudo}{install}\n"
        ));
    }
    say(&format!("{what_for} needs {names}: {install}"));
    apt_install(&install)?;
    match missing(&absent).first() {
        None => Ok(()),
        Some(tool) => Err(format!("{} is still missing after `{install}`", tool.name)),
    }
}

fn packages(tools: &[Tool], manager: usize) -> String {
    tools.iter().map(|tool| tool.packages[manager]).collect::<Vec<_>>().join(" ")
}

/// Installs packages of Debian for which nothing but their name is known.
pub(crate) fn need_debian(what_for: &str, packages: &[&str]) -> Result<()> {
    let is_installed = |package: &&str| {
        let output = Command::new("dpkg-query").args(["--show", "--showformat=${Status}", package]).output();
        output.is_ok_and(|output| output.stdout.ends_with(b" installed"))
    };
    let missing: Vec<&str> = packages.iter().filter(|package| !is_installed(package)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!("{} {}", MANAGERS[0].1, missing.join(" "));
    if !is_program("apt-get") {
        return Err(format!("{what_for} needs these packages of Debian: {}", missing.join(" ")));
    }
    if !is_root() {
        return Err(format!("{what_for} needs more packages; install them with\n\n    sudo {install}\n"));
    }
    say(&format!("{what_for}: {install}"));
    apt_install(&install)
}

/// Installs with fresh lists of what there is.
fn apt_install(install: &str) -> Result<()> {
    apt(APT_UPDATE)?;
    apt(install)
}

/// What apt would install of packages, as `apt-cache policy` says it, with fresh lists.
pub(crate) fn apt_policy(packages: &[&str]) -> Result<String> {
    if !is_program("apt-get") || !is_root() {
        return Err("packages can be installed as root with apt-get only".into());
    }
    apt(APT_UPDATE)?;
    let output = Command::new("apt-cache").arg("policy").args(packages).output();
    let output = output.map_err(|error| format!("`apt-cache policy`: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The name of a command's program.
pub(crate) fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Runs a program, and gives what it says and how it ends.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    command.output().map_err(|error| format!("{} cannot be run: {error}", program(command)))
}

/// Runs a program whose output is of interest when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = program(command);
    let output = output(command)?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{program} failed, and the next run continues from there:\n{}",
            said.join("\n").trim()
        )),
    }
}

/// Gives the right to run a file: a wheel is unpacked without.
pub(crate) fn let_run(program: &Path) -> Result<()> {
    run(Command::new("chmod").arg("+x").arg(program))
}

pub(crate) fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn apt(command: &str) -> Result<()> {
    let mut words = command.split(' ');
    let mut apt = Command::new(words.next().unwrap_or_default());
    let output = apt.args(words).env("DEBIAN_FRONTEND", "noninteractive").output();
    let output = output.map_err(|error| format!("`{command}`: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("`{command}` failed:\n{}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed() {
        assert!(!is_program("no-such-program-anywhere"));
        // The tests are built by cargo, which links with it.
        need("this test", &[COMPILER]).unwrap();
    }

    #[test]
    fn packages_are_named_for_each_way_to_install() {
        let all = [COMPILER, CMAKE, SIMDE];
        assert_eq!(packages(&all, 0), "gcc libc6-dev cmake libsimde-dev");
        assert_eq!(packages(&all, 3), "llvm cmake simde");
    }
}
