//! Reads the files of a folder, when the host asks for it. No guest and no later load reads any.

use std::fs;
use std::io::Read;
use std::path::Path;

use super::{Modules, ModulesError, SourceKind};

/// The most bytes of a folder's files together.
const MOST_BYTES: u64 = 64 << 20;
/// The greatest depth of folders in folders.
const DEEPEST: usize = 32;
/// The most entries of folders that are looked at.
const MOST_ENTRIES: usize = 65_536;

impl Modules {
    /// Reads the files of a folder and of the folders in it whose extension is `.js`, `.mjs`, `.cjs`, `.ts`, `.mts`, `.cts`, `.json`
    /// or `.txt`. Their names are their paths from the folder on.
    ///
    /// Other files and `.d.ts` files are left out, and so are files and folders whose name begins with a dot. A symbolic link that leads out of the
    /// folder is refused. On Linux this holds even if the folder is changed meanwhile: each file is looked at once more after it was opened.
    /// The order of the files is that of their names.
    ///
    /// ```no_run
    /// use sandbox_runtime::{Modules, Script};
    ///
    /// let script = Script::modules(Modules::from_folder("plugins/discount")?, "main.js")?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not UTF-8; when a link leads out of the folder; for more than 4,096 files, 64 MiB, or 32
    /// folders in folders.
    pub fn from_folder(folder: impl AsRef<Path>) -> Result<Self, ModulesError> {
        let folder = folder.as_ref();
        let root = folder.canonicalize().map_err(|error| unreadable(folder, &error))?;
        let mut reader = FolderReader { root: &root, modules: Self::new(), entries: 0, bytes: 0 };
        reader.folder(&root, "", 0)?;
        Ok(reader.modules)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> ModulesError {
    ModulesError::new(path.to_string_lossy(), format!("the file cannot be read: {error}"))
}

fn leads_out_of_the_folder(name: &str) -> ModulesError {
    ModulesError::new(name, "the link leads out of the folder: copy the file into it")
}

/// Opens a file. A pipe that has taken the place of the file does not block.
fn open(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW);
    }
    options.read(true).open(path)
}

/// Whether an open file is outside of a folder, as far as the system can say where an open file is.
fn leads_out(file: &fs::File, root: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        fs::read_link(link).is_ok_and(|path| !path.starts_with(root))
    }
    #[cfg(not(target_os = "linux"))]
    {
        _ = (file, root);
        false
    }
}

struct FolderReader<'a> {
    root: &'a Path,
    modules: Modules,
    entries: usize,
    bytes: u64,
}

impl FolderReader<'_> {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), ModulesError> {
        if depth > DEEPEST {
            return Err(ModulesError::new(
                prefix,
                format!("at most {DEEPEST} folders are inside of each other"),
            ));
        }
        let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(folder, &error))?;
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(ModulesError::new(
                    prefix,
                    format!("a folder has at most {MOST_ENTRIES} entries"),
                ));
            }
            // A name that is not Unicode is no name of a module.
            names.extend(entry.file_name().into_string().ok().filter(|name| !name.starts_with('.')));
        }
        names.sort_unstable();
        names.iter().try_for_each(|name| self.entry(&folder.join(name), &format!("{prefix}{name}"), depth))
    }

    fn entry(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), ModulesError> {
        let real = path.canonicalize().map_err(|error| unreadable(path, &error))?;
        if !real.starts_with(self.root) {
            return Err(leads_out_of_the_folder(name));
        }
        let kind = fs::metadata(&real).map_err(|error| unreadable(path, &error))?;
        if kind.is_dir() {
            return self.folder(&real, &format!("{name}/"), depth + 1);
        }
        if !kind.is_file() || matches!(SourceKind::of(name), SourceKind::Declaration | SourceKind::Other) {
            return Ok(());
        }
        let source = self.read(&real, name)?;
        let modules = std::mem::take(&mut self.modules).file(name, source);
        match modules.fault {
            Some(fault) => Err(fault),
            None => {
                self.modules = modules;
                Ok(())
            }
        }
    }

    /// The text of a file. A file that grows while it is read is bounded too.
    fn read(&mut self, path: &Path, name: &str) -> Result<String, ModulesError> {
        let mut source = String::new();
        let left = MOST_BYTES - self.bytes;
        let file = open(path).map_err(|error| unreadable(path, &error))?;
        // Another file may have taken the place of the one that was looked at.
        if !file.metadata().is_ok_and(|metadata| metadata.is_file()) || leads_out(&file, self.root) {
            return Err(leads_out_of_the_folder(name));
        }
        let read = file.take(left + 1).read_to_string(&mut source);
        let read = read.map_err(|error| unreadable(path, &error))? as u64;
        if read > left {
            return Err(ModulesError::new(name, "the files of the folder have more than 64 MiB together"));
        }
        self.bytes += read;
        Ok(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &[u8])]) -> Self {
            let path = std::env::temp_dir().join(format!("modules-{}-{name}", std::process::id()));
            _ = fs::remove_dir_all(&path);
            for (file, source) in files {
                let file = path.join("in").join(file);
                fs::create_dir_all(file.parent().expect("the file is in a folder")).expect("a folder");
                fs::write(file, source).expect("a file");
            }
            Self(path)
        }

        fn read(&self) -> Result<Modules, ModulesError> {
            Modules::from_folder(self.0.join("in"))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_files_come_in_the_order_of_their_names() {
        let files: &[(&str, &[u8])] = &[
            ("main.js", b""),
            ("lib/b.mjs", b""),
            ("lib/a.cjs", b""),
            ("a.json", b"1"),
            ("terms.txt", b"text"),
            ("lib/c.ts", b""),
            ("lib/c.d.ts", b""),
            ("a.d.cts", b"\xff"),
            ("read.me", b"\xff"),
            (".hidden/a.js", b""),
            ("lib/.b.js", b""),
        ];
        let modules = Folder::new("order", files).read().expect("it can be read");
        assert_eq!(
            modules.names().collect::<Vec<_>>(),
            ["a.json", "lib/a.cjs", "lib/b.mjs", "lib/c.ts", "main.js", "terms.txt"]
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        for (name, source, text) in [
            ("a.js", &b"\xff"[..], "a.js: the file cannot be read"),
            ("a.json", b"{", "a.json: the file is no JSON"),
            ("a%20b.js", b"", "a%20b.js: the name of a file"),
        ] {
            let fault =
                Folder::new("fault", &[(name, source)]).read().expect_err("it is refused").to_string();
            assert!(fault.contains(text), "{fault}");
        }
        assert!(
            Modules::from_folder("/none/such")
                .expect_err("it is refused")
                .to_string()
                .contains("cannot be read")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_in_the_folder() {
        use std::os::unix::fs::symlink;
        let folder = Folder::new("links", &[("main.js", b"1"), ("lib/a.js", b"2")]);
        symlink("../main.js", folder.0.join("in/lib/b.js")).expect("a link");
        let modules = folder.read().expect("the link is inside");
        assert_eq!(modules.names().collect::<Vec<_>>(), ["lib/a.js", "lib/b.js", "main.js"]);
        fs::write(folder.0.join("secret.js"), "secret").expect("a file");
        for (link, to) in [("out.js", "../secret.js"), ("out", ".."), ("out.js", "/etc/hostname")] {
            let path = folder.0.join("in").join(link);
            symlink(to, &path).expect("a link");
            let fault = folder.read().expect_err("it is refused").to_string();
            assert!(fault.contains("out"), "{fault}");
            assert!(fault.contains("leads out of the folder") || fault.contains("cannot be read"), "{fault}");
            fs::remove_file(path).expect("the link is there");
        }
        // Links in a circle end at the bound of the depth.
        symlink("..", folder.0.join("in/lib/up")).expect("a link");
        assert!(folder.read().expect_err("it is refused").to_string().contains("inside of each other"));
    }
    /// A folder that is exchanged for a link to another one, again and again, while it is read.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_changes_meanwhile_gives_no_file_of_another() {
        use std::sync::atomic::{AtomicBool, Ordering};

        const READS: usize = 5000;
        let folder =
            Folder::new("changes", &[("main.js", b"1"), ("lib/a.js", b"public"), ("../out/a.js", b"secret")]);
        let inside = |name: &str| folder.0.join("in").join(name);
        std::os::unix::fs::symlink("../out", inside(".link")).expect("a link");
        let is_over = AtomicBool::new(false);
        let secrets = std::thread::scope(|threads| {
            threads.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    for (from, to) in [("lib", ".lib"), (".link", "lib"), ("lib", ".link"), (".lib", "lib")] {
                        fs::rename(inside(from), inside(to)).expect("both are there");
                    }
                }
            });
            let read = |_| {
                folder.read().is_ok_and(|modules| modules.files.iter().any(|file| &*file.source == "secret"))
            };
            let secrets = (0..READS).filter(|_| read(())).count();
            is_over.store(true, Ordering::Relaxed);
            secrets
        });
        assert_eq!(secrets, 0, "of {READS} reads");
    }

    /// A pipe has no end that a reader could wait for.
    #[cfg(unix)]
    #[test]
    fn a_pipe_is_opened_without_waiting_for_a_writer() {
        let folder = Folder::new("pipe", &[("main.js", b"1")]);
        let pipe = folder.0.join("in/pipe.js");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo is a program of every Unix").success());
        assert!(!open(&pipe).expect("it opens").metadata().expect("it has metadata").is_file());
        assert_eq!(folder.read().expect("a pipe is left out").names().collect::<Vec<_>>(), ["main.js"]);
    }
}
