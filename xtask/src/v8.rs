//! Where V8's static library comes from.
//!
//! The build script of the crate `v8` takes what the user names (`RUSTY_V8_ARCHIVE`, `RUSTY_V8_MIRROR`), else a file in
//! cargo's home whose name is that of the download, else it downloads. A download that it begins cannot be seen, is
//! not continued when it is cut, and fails the build on a machine that reaches the registry only. So the file in
//! cargo's home is seen to before cargo runs.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, archive, fetch, say, workspace};

/// Where the crate `v8` downloads from.
const RELEASES: &str = "https://github.com/denoland/rusty_v8/releases/download";

/// The systems that it has a library for, with the features that deno_core asks for.
pub(crate) const TARGETS: [&str; 8] = [
    "aarch64-apple-darwin",
    "aarch64-pc-windows-msvc",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "riscv64gc-unknown-linux-gnu",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
];

/// What the user has set.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    archive: Option<String>,
    mirror: Option<String>,
    from_source: bool,
}

impl Settings {
    fn of_this_process() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            archive: variable("RUSTY_V8_ARCHIVE"),
            mirror: variable("RUSTY_V8_MIRROR"),
            from_source: variable("V8_FROM_SOURCE").is_some_and(|value| value == "1" || value == "true"),
        }
    }
}

/// The library that this workspace's version of the crate `v8` links on this machine.
#[derive(Debug)]
pub(crate) struct Library {
    version: String,
    target: String,
    cargo_home: PathBuf,
    releases: String,
    settings: Settings,
}

/// Where a library was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A variable names it, and the build script does what it says.
    Environment(&'static str),
    /// It is in cargo's cache.
    Cache(PathBuf),
    /// It has just been put there.
    Downloaded(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(variable) => write!(f, "as {variable} says"),
            Self::Cache(_) => f.write_str("from cargo's cache"),
            Self::Downloaded(_) => f.write_str("downloaded to cargo's cache"),
        }
    }
}

/// Why there is no library.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The user named one that cannot be used.
    WrongSetting(String),
    /// There is none here, and none to be had.
    Nowhere(String),
}

impl Library {
    pub(crate) fn of_this_machine() -> Result<Self> {
        let lock = workspace().join("Cargo.lock");
        let text = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
        let version =
            locked_version(&text, "v8").ok_or("Cargo.lock has no crate `v8`; take it from the repository")?;
        Ok(Self {
            version,
            target: host()?,
            cargo_home: cargo_home()?,
            releases: RELEASES.into(),
            settings: Settings::of_this_process(),
        })
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    fn url(&self) -> String {
        let base = self.settings.mirror.as_deref().unwrap_or(&self.releases);
        let (before, after) = if self.target.contains("windows") { ("", "lib") } else { ("lib", "a") };
        format!("{base}/v{}/{before}rusty_v8_simdutf_release_{}.{after}.gz", self.version, self.target)
    }

    /// Where the build script looks before it downloads.
    pub(crate) fn cached(&self) -> PathBuf {
        let escape = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        self.cargo_home.join(".rusty_v8").join(self.url().chars().map(escape).collect::<String>())
    }

    /// Finds the library, or gets it.
    pub(crate) fn obtain(&self) -> Result<Origin, Missing> {
        if let Some(found) = self.find()? {
            return Ok(found);
        }
        let is_mirror = self.settings.mirror.is_some();
        if !is_mirror && !TARGETS.contains(&self.target.as_str()) {
            return Err(Missing::Nowhere(format!("there is no library for {}", self.target)));
        }
        self.download().map_err(|reason| match is_mirror {
            true => wrong_mirror(&reason),
            false => Missing::Nowhere(reason),
        })
    }

    /// The library, if it is here already.
    fn find(&self) -> Result<Option<Origin>, Missing> {
        if self.settings.from_source {
            return Ok(Some(Origin::Environment("V8_FROM_SOURCE")));
        }
        if let Some(archive) = &self.settings.archive {
            let is_local = !archive.starts_with("http:") && !archive.starts_with("https:");
            if is_local {
                // The build script runs in the folder of its crate.
                let wrong = |reason| Missing::WrongSetting(format!("RUSTY_V8_ARCHIVE is set, but {reason}"));
                if !Path::new(archive).is_absolute() {
                    return Err(wrong(format!("`{archive}` is not an absolute path; write one")));
                }
                archive::check(Path::new(archive))
                    .map_err(|reason| wrong(format!("{reason}; name V8's library, or unset it")))?;
            }
            return Ok(Some(Origin::Environment("RUSTY_V8_ARCHIVE")));
        }
        if self.settings.mirror.as_ref().is_some_and(|mirror| !mirror.starts_with("http")) {
            archive::check(Path::new(&self.url())).map_err(|reason| wrong_mirror(&reason))?;
            return Ok(Some(Origin::Environment("RUSTY_V8_MIRROR")));
        }
        let cached = self.cached();
        match archive::check_once(&cached) {
            Ok(_) => Ok(Some(Origin::Cache(cached))),
            Err(_) if !cached.exists() => Ok(None),
            Err(reason) => {
                Err(Missing::WrongSetting(format!("cargo's cache is damaged: {reason}; delete that file")))
            }
        }
    }

    fn download(&self) -> Result<Origin> {
        let (url, cached) = (self.url(), self.cached());
        let part = cached.with_extension("part");
        let folder = cached.parent().ok_or("cargo's home is no folder")?;
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let begun = fs::metadata(&part).map_or(0, |file| file.len());
        match begun {
            0 => say(&format!("V8 {}: downloading {url}", self.version)),
            _ => say(&format!("V8 {}: continuing after {} MB of {url}", self.version, begun >> 20)),
        }
        // The line above has the address.
        fetch::resume(&url, &part).map_err(|reason| reason.replace(&format!("{url}: "), ""))?;
        self.keep(&part).map(Origin::Downloaded)
    }

    /// Puts a library into the cache, if it is one.
    pub(crate) fn keep(&self, part: &Path) -> Result<PathBuf> {
        if let Err(reason) = archive::check(part) {
            _ = fs::remove_file(part);
            return Err(format!("the downloaded file is not V8's library ({reason}), and was deleted"));
        }
        let cached = self.cached();
        fs::rename(part, &cached).map_err(|error| format!("{}: {error}", cached.display()))?;
        Ok(cached)
    }
}

fn wrong_mirror(reason: &str) -> Missing {
    Missing::WrongSetting(format!("RUSTY_V8_MIRROR is set, but {reason}; set another, or unset it"))
}

/// Says what there is and what would be done.
pub(crate) fn status() -> Result<()> {
    let library = Library::of_this_machine()?;
    show(&format!("V8: the crate `v8` {} for {}", library.version, library.target));
    let set = |name: &str, value: &Option<String>| {
        show(&format!("{name}: {}", value.as_deref().unwrap_or("not set")));
    };
    set("RUSTY_V8_ARCHIVE", &library.settings.archive);
    set("RUSTY_V8_MIRROR", &library.settings.mirror);
    set("V8_FROM_SOURCE", &library.settings.from_source.then(|| "1".to_owned()));
    let cached = library.cached();
    show(&format!("cargo's cache: {}", cached.display()));
    match archive::check_once(&cached) {
        Ok(size) => show(&format!("  complete, {} MB unpacked", size >> 20)),
        Err(_) if !cached.exists() => show("  not there"),
        Err(reason) => show(&format!("  present, but not usable: {reason}")),
    }
    if let Ok(part) = fs::metadata(cached.with_extension("part")) {
        show(&format!("  a download stopped after {} MB, and will be continued", part.len() >> 20));
    }
    show(&match library.find() {
        Ok(Some(origin)) => format!("so: V8, {origin}"),
        Ok(None) if !TARGETS.contains(&library.target.as_str()) => {
            format!("so: QuickJS, because there is no library of V8 for {}", library.target)
        }
        Ok(None) if library.settings.mirror.is_some() => {
            format!(
                "so: `demo` and `test` download {}, and fail where it cannot be downloaded",
                library.url()
            )
        }
        Ok(None) => format!(
            "so: `demo` and `test` try to download {}, and use QuickJS where it cannot be downloaded; \
             `cargo xtask v8 build` builds V8 here, in about two hours on two cores",
            library.url()
        ),
        Err(Missing::WrongSetting(reason) | Missing::Nowhere(reason)) => {
            format!("so: an error, because {reason}")
        }
    });
    Ok(())
}

fn show(line: &str) {
    println!("{line}");
}

/// The version of a crate in the text of a Cargo.lock.
fn locked_version(lock: &str, name: &str) -> Option<String> {
    let name = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    Some(lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?.to_owned())
}

/// The system that cargo builds for here.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().map_err(|error| {
        format!("rustc cannot be run ({error}); install Rust as https://rustup.rs says, or put it into PATH")
    })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "`rustc -vV` does not print the host target".into())
}

pub(crate) fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()) {
        return Ok(PathBuf::from(home));
    }
    let home = std::env::home_dir().ok_or("this user has no home folder; set CARGO_HOME to a folder")?;
    Ok(home.join(".cargo"))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::archive::tests::packed;
    use crate::fetch::tests::{Answer, serve};

    fn library(home: &TempDir, releases: &str, settings: Settings) -> Library {
        let target = "x86_64-unknown-linux-gnu".into();
        let cargo_home = home.path().to_owned();
        Library { version: "1.2.3".into(), target, cargo_home, releases: releases.into(), settings }
    }

    fn mirror(url: &str) -> Settings {
        Settings { mirror: Some(url.into()), ..Settings::default() }
    }

    #[test]
    fn the_name_in_the_cache_is_that_of_the_crate() {
        let home = tempfile::tempdir().unwrap();
        let name = "https___github_com_denoland_rusty_v8_releases_download_v1_2_3_librusty_v8_simdutf_release_\
                    x86_64_unknown_linux_gnu_a_gz";
        let cached = library(&home, RELEASES, Settings::default()).cached();
        assert_eq!(cached, home.path().join(".rusty_v8").join(name));
        let windows =
            Library { target: "x86_64-pc-windows-msvc".into(), ..library(&home, "r", Settings::default()) };
        assert_eq!(windows.url(), "r/v1.2.3/rusty_v8_simdutf_release_x86_64-pc-windows-msvc.lib.gz");
    }

    #[test]
    fn what_is_downloaded_is_kept_and_then_found() {
        let home = tempfile::tempdir().unwrap();
        let (url, ranges) = serve(packed(), vec![Answer::Cut, Answer::Whole]);
        let library = library(&home, &url, Settings::default());
        assert!(matches!(library.obtain(), Err(Missing::Nowhere(_))), "it was cut");
        assert!(!library.cached().exists());
        assert_eq!(library.obtain(), Ok(Origin::Downloaded(library.cached())));
        assert!(ranges.lock().unwrap()[1].starts_with("bytes="), "it was continued");
        assert_eq!(library.obtain(), Ok(Origin::Cache(library.cached())), "and needs no server now");
        assert_eq!(fs::read(library.cached()).unwrap(), packed());
    }

    #[test]
    fn what_is_no_library_is_not_kept() {
        let home = tempfile::tempdir().unwrap();
        let (url, _) = serve(vec![b'x'; 4096], vec![Answer::Whole]);
        let library = library(&home, &url, Settings::default());
        let Err(Missing::Nowhere(reason)) = library.obtain() else { panic!("it was kept") };
        assert!(reason.contains("no static library"), "{reason}");
        assert_eq!(fs::read_dir(home.path().join(".rusty_v8")).unwrap().count(), 0);
    }

    #[test]
    fn what_the_user_set_comes_first_and_is_checked() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("v8.a.gz");
        fs::write(&file, packed()).unwrap();
        let named =
            |archive: &str| Settings { archive: Some(archive.into()), ..mirror("http://127.0.0.1:9") };
        let found = library(&home, "r", named(file.to_str().unwrap())).obtain();
        assert_eq!(found, Ok(Origin::Environment("RUSTY_V8_ARCHIVE")));
        for wrong in ["relative.a.gz", "/no/such/file.a.gz"] {
            let outcome = library(&home, "r", named(wrong)).obtain();
            let Err(Missing::WrongSetting(reason)) = outcome else { panic!("{outcome:?}") };
            assert!(reason.starts_with("RUSTY_V8_ARCHIVE is set") && reason.contains(wrong), "{reason}");
        }
        let (url, _) = serve(Vec::new(), vec![Answer::NotFound]);
        let Err(Missing::WrongSetting(reason)) = library(&home, "r", mirror(&url)).obtain() else { panic!() };
        assert!(reason.starts_with("RUSTY_V8_MIRROR is set") && reason.contains("404"), "{reason}");
    }

    #[test]
    fn a_damaged_cache_is_no_library() {
        let home = tempfile::tempdir().unwrap();
        let library = library(&home, "r", Settings::default());
        fs::create_dir_all(library.cached().parent().unwrap()).unwrap();
        fs::write(library.cached(), packed()).unwrap();
        assert_eq!(library.find(), Ok(Some(Origin::Cache(library.cached()))));
        assert_eq!(library.find(), Ok(Some(Origin::Cache(library.cached()))), "the second time by its stamp");
        fs::write(library.cached(), &packed()[..5000]).unwrap();
        let Err(Missing::WrongSetting(reason)) = library.find() else { panic!("it was taken") };
        assert!(
            reason.starts_with("cargo's cache is damaged") && reason.ends_with("delete that file"),
            "{reason}"
        );
        let empty = tempfile::tempdir().unwrap();
        let nothing = super::Library { settings: mirror(empty.path().to_str().unwrap()), ..library };
        assert!(
            matches!(nothing.find(), Err(Missing::WrongSetting(reason)) if reason.starts_with("RUSTY_V8_MIRROR"))
        );
    }

    #[test]
    fn a_system_without_a_library_is_not_downloaded_for() {
        let home = tempfile::tempdir().unwrap();
        let rare =
            Library { target: "s390x-unknown-linux-gnu".into(), ..library(&home, "r", Settings::default()) };
        let expected = "there is no library for s390x-unknown-linux-gnu".to_owned();
        assert_eq!(rare.obtain(), Err(Missing::Nowhere(expected)));
    }

    #[test]
    fn the_version_is_that_of_the_lock() {
        let lock = "[[package]]\nname = \"v8x\"\nversion = \"9\"\n\n[[package]]\nname = \"v8\"\nversion = \"150.4.0\"\n";
        assert_eq!(locked_version(lock, "v8").as_deref(), Some("150.4.0"));
        assert_eq!(locked_version(lock, "v9"), None);
        assert!(Library::of_this_machine().is_ok());
    }
}
