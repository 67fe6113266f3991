//! Whether a file is a static library, whole and readable: packed with gzip, as V8's are, or plain.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::Result;

const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What a static library begins with: `!<arch>` of Unix, and of Windows as well.
const LIBRARY: &[u8; 8] = b"!<arch>\n";
/// V8 has 100 MB; what is much less is something else, such as a page that says why there is no file.
const LEAST: u64 = 1 << 20;

/// As [`check`], but a file that was found whole is not read again as long as it stays as it is.
pub(crate) fn check_once(path: &Path) -> Result<u64> {
    let stamp = path.with_extension("whole");
    let state = fs::metadata(path).and_then(|file| Ok(format!("{} {:?}", file.len(), file.modified()?)));
    let state = state.map_err(|error| format!("{}: {error}", path.display()))?;
    let seen = fs::read_to_string(&stamp).unwrap_or_default();
    if let Some((seen, size)) = seen.split_once('\n')
        && seen == state
        && let Ok(size) = size.parse()
    {
        return Ok(size);
    }
    let size = check(path)?;
    // Without the stamp it is read again, which takes some seconds.
    _ = fs::write(&stamp, format!("{state}\n{size}"));
    Ok(size)
}

/// Reads all of it. Gives the size of the library in bytes.
pub(crate) fn check(path: &Path) -> Result<u64> {
    let at = |problem: String| format!("{}: {problem}", path.display());
    let mut file = File::open(path).map_err(|error| at(error.to_string()))?;
    if path.is_dir() {
        return Err(at("the path is a folder".into()));
    }
    let mut head = [0; 2];
    file.read_exact(&mut head).map_err(|_| at("the file is empty".into()))?;
    file.rewind().map_err(|error| at(error.to_string()))?;
    let size = if head == GZIP { library_size(GzDecoder::new(file)) } else { library_size(file) };
    size.map_err(at)
}

fn library_size(mut reader: impl Read) -> Result<u64> {
    let mut head = [0; LIBRARY.len()];
    match reader.read_exact(&mut head) {
        Ok(()) if &head == LIBRARY => {}
        _ => return Err("the file is no static library".into()),
    }
    let rest = std::io::copy(&mut reader, &mut std::io::sink());
    // gzip has a checksum at its end, so a file that was cut or damaged is an error here.
    let size =
        rest.map_err(|error| format!("the file cannot be read to its end: {error}"))? + head.len() as u64;
    if size < LEAST {
        return Err(format!("the file has {size} bytes only"));
    }
    Ok(size)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// A packed library of some megabytes that do not pack well.
    pub(crate) fn packed() -> Vec<u8> {
        let mut state = 1_u32;
        let mut library = LIBRARY.to_vec();
        library.extend((0..2 << 20).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&library).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn only_a_whole_library_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v8.a.gz");
        let outcome = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            check(&path)
        };
        let packed = packed();
        assert_eq!(outcome(&packed), Ok((2 << 20) + 8));
        let mut damaged = packed.clone();
        damaged[packed.len() / 2] ^= 1;
        assert!(outcome(&damaged).is_err());
        assert!(outcome(&packed[..packed.len() - 100]).unwrap_err().contains("cannot be read to its end"));
        assert!(outcome(b"").unwrap_err().contains("empty"));
        assert!(outcome(b"<html>not found</html>").unwrap_err().contains("no static library"));
        assert!(outcome(b"!<arch>\nshort").unwrap_err().contains("13 bytes only"));
        assert!(check(&folder.path().join("none")).unwrap_err().contains("none"));
    }
}
