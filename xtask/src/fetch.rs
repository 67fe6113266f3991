//! Downloads, by `curl` or else by Python: neither brings a TLS library into this package's build.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Result, tools};

/// Continues a download, or begins it: what there is of it already is in `part`. Shows a progress bar on a terminal.
pub(crate) fn resume(url: &str, part: &Path) -> Result<()> {
    let attempt = || match (tools::is_program("curl"), tools::python()) {
        (true, _) => by_curl(url, part),
        (false, Some(python)) => by_python(python, url, part),
        (false, None) => Err("a download needs curl or python3: install one of them".into()),
    };
    attempt().or_else(|reason| {
        // A server that cannot continue, or a file that has changed since: begin again, once.
        let is_begun = fs::metadata(part).is_ok_and(|file| file.len() > 0);
        if !is_begun || !reason.contains("cannot be continued") {
            return Err(reason);
        }
        fs::remove_file(part).map_err(|error| format!("{}: {error}", part.display()))?;
        attempt()
    })
}

fn by_curl(url: &str, part: &Path) -> Result<()> {
    let bar: &[&str] =
        if std::io::stderr().is_terminal() { &["--progress-bar"] } else { &["--silent", "--show-error"] };
    let mut curl = Command::new("curl");
    curl.args(bar)
        .args([
            "--fail",
            "--location",
            "--connect-timeout",
            "15",
            "--speed-time",
            "30",
            "--speed-limit",
            "1000",
        ])
        .args(["--continue-at", "-", "--output"])
        .arg(part)
        .arg(url);
    let output = curl.stderr(if bar.len() == 1 { Stdio::inherit() } else { Stdio::piped() }).output();
    let output = output.map_err(|error| format!("curl cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    // 33: the server does not do ranges; 36: a bad place to continue at; 22: an answer such as 416.
    Err(match output.status.code() {
        Some(33 | 36) => format!("{url} cannot be continued: {said}"),
        Some(22) if said.contains("416") => format!("{url} cannot be continued: {said}"),
        _ if said.is_empty() => format!("{url}: curl failed, {}", output.status),
        _ => format!("{url}: {said}"),
    })
}

const SCRIPT: &str = r#"
import os, sys, urllib.error, urllib.request
url, path, bar = sys.argv[1], sys.argv[2], sys.argv[3] == "bar"
have = os.path.getsize(path) if os.path.exists(path) else 0
request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
try:
    answer = urllib.request.urlopen(request, timeout=30)
except urllib.error.HTTPError as error:
    sys.exit(f"cannot be continued: {error}" if error.code == 416 else str(error))
except Exception as error:
    sys.exit(str(getattr(error, "reason", error)))
have = have if answer.status == 206 else 0
total = have + int(answer.headers.get("Content-Length", 0))
try:
    with open(path, "ab" if have else "wb") as out:
        while block := answer.read(1 << 16):
            out.write(block)
            have += len(block)
            if bar and total:
                sys.stderr.write("\r%3d%% of %d MB " % (100 * have // total, total >> 20))
except Exception as error:
    sys.exit(f"cut after {have} bytes: {error}")
if bar:
    sys.stderr.write("\n")
if total and have != total:
    sys.exit(f"cut after {have} of {total} bytes")
"#;

fn by_python(python: &str, url: &str, part: &Path) -> Result<()> {
    let bar = if std::io::stderr().is_terminal() { "bar" } else { "none" };
    let output = Command::new(python).args(["-c", SCRIPT, url]).arg(part).arg(bar).output();
    let output = output.map_err(|error| format!("{python} cannot be run: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{url}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The answer of a server to a request.
    #[derive(Clone, Copy)]
    pub(crate) enum Answer {
        /// Ends the connection in the middle.
        Cut,
        Whole,
        /// As if it knew no ranges.
        NoRanges,
        NotFound,
    }

    /// A server of one file on a port of its own, with an answer for each request; gives its address and the ranges
    /// that were asked for.
    pub(crate) fn serve(file: Vec<u8>, answers: Vec<Answer>) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let ranges = Arc::<Mutex<Vec<String>>>::default();
        let seen = ranges.clone();
        std::thread::spawn(move || {
            for (answer, stream) in answers.into_iter().zip(listener.incoming()) {
                seen.lock().unwrap().push(reply(&mut stream.unwrap(), &file, answer));
            }
        });
        (address, ranges)
    }

    fn reply(stream: &mut TcpStream, file: &[u8], answer: Answer) -> String {
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let head: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
        let range = head.iter().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("range").then(|| value.to_owned())
        });
        let from =
            range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let (status, from) = match (answer, from) {
            (Answer::NotFound, _) => ("404 Not Found".to_owned(), file.len()),
            (Answer::NoRanges, _) | (_, None) => ("200 OK".to_owned(), 0),
            (_, Some(from)) if from >= file.len() => ("416 Range Not Satisfiable".to_owned(), file.len()),
            (_, Some(from)) => {
                let content = format!("Content-Range: bytes {from}-{}/{}", file.len() - 1, file.len());
                (format!("206 Partial Content\r\n{content}"), from)
            }
        };
        let body = &file[from..];
        let sent = if matches!(answer, Answer::Cut) { body.len() / 2 } else { body.len() };
        _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        _ = stream.write_all(&body[..sent]);
        range.unwrap_or_default()
    }

    type Download = fn(&str, &Path) -> Result<()>;

    /// Both ways to download, where their programs are installed.
    fn ways() -> Vec<Download> {
        let mut ways: Vec<Download> = Vec::new();
        if tools::is_program("curl") {
            ways.push(by_curl);
        }
        if tools::python().is_some() {
            ways.push(|url, part| by_python(tools::python().unwrap(), url, part));
        }
        assert!(!ways.is_empty(), "install curl or python3");
        ways
    }

    #[test]
    fn a_download_that_was_cut_is_continued_where_it_ended() {
        let file: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        for download in ways() {
            let folder = tempfile::tempdir().unwrap();
            let part = folder.path().join("file.part");
            let (url, ranges) = serve(file.clone(), vec![Answer::Cut, Answer::Whole]);
            let cut = download(&url, &part).unwrap_err();
            assert!(cut.starts_with(&url), "{cut}");
            let half = fs::metadata(&part).unwrap().len();
            assert_eq!(half, 100_000);
            download(&url, &part).unwrap();
            assert_eq!(fs::read(&part).unwrap(), file);
            assert_eq!(*ranges.lock().unwrap(), ["".to_owned(), "bytes=100000-".to_owned()]);
        }
    }

    #[test]
    fn a_server_without_ranges_and_one_without_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("file.part");
        fs::write(&part, "begun").unwrap();
        // curl asks again without a range itself, or fails and is asked again here.
        let (url, _) = serve(b"the whole file".to_vec(), vec![Answer::NoRanges; 2]);
        resume(&url, &part).unwrap();
        assert_eq!(fs::read(&part).unwrap(), b"the whole file");
        for download in ways() {
            let (url, _) = serve(Vec::new(), vec![Answer::NotFound]);
            let error = download(&url, &folder.path().join("none.part")).unwrap_err();
            assert!(error.contains("404"), "{error}");
        }
    }

    #[test]
    fn nobody_there_is_an_error_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        for download in ways() {
            assert!(download(&url, &folder.path().join("part")).unwrap_err().starts_with(&url));
        }
    }
}
