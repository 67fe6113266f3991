//! Frames: what is written is read, and what is malformed ends the stream.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

use super::*;
use crate::wire::Out;

/// A stream that gives so many bytes at a time, with an interruption before each, and counts.
struct Pieces<'b> {
    bytes: &'b [u8],
    cuts: Vec<usize>,
    at: usize,
    reads: Rc<RefCell<usize>>,
    interrupts: bool,
    most: Rc<RefCell<usize>>,
}

impl<'b> Pieces<'b> {
    fn new(bytes: &'b [u8], cuts: Vec<usize>) -> Self {
        Self { bytes, cuts, at: 0, reads: Rc::default(), interrupts: false, most: Rc::default() }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.interrupts = !self.interrupts;
        if self.interrupts {
            return Err(ErrorKind::Interrupted.into());
        }
        *self.reads.borrow_mut() += 1;
        let mut most = self.most.borrow_mut();
        *most = room.len().max(*most);
        let until = self.cuts.iter().copied().find(|cut| *cut > self.at).unwrap_or(self.bytes.len());
        let count = (until.min(self.bytes.len()) - self.at).min(room.len());
        room[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

fn frame(kind: u8, call: u64, body: &[u8]) -> Frame {
    Frame { kind, call, body: body.to_vec() }
}

fn written(frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = FrameWriter::new(&mut out, 1 << 20);
    for Frame { kind, call, body } in frames {
        let sent = writer.send(*kind, *call, |out| {
            out.extend_from_slice(body);
            Ok::<_, FrameError>(())
        });
        sent.expect("it is sent");
    }
    out
}

fn read(stream: impl Read) -> (Vec<Frame>, FrameError) {
    let mut reader = FrameReader::new(stream, 1 << 20);
    let mut frames = Vec::new();
    loop {
        match reader.next() {
            Ok(frame) => frames.push(frame),
            Err(error) => return (frames, error),
        }
    }
}

#[test]
fn a_frame_is_what_the_documentation_says() {
    let bytes = written(&[frame(3, 0x0102, b"ab")]);
    assert_eq!(bytes, [11, 0, 0, 0, 3, 2, 1, 0, 0, 0, 0, 0, 0, b'a', b'b']);
}

#[test]
fn frames_come_whole_wherever_the_stream_is_split() {
    let frames = [frame(1, 1, b""), frame(2, u64::MAX, b"hello"), frame(255, 0, &[7; 40])];
    let bytes = written(&frames);
    for first in 0..=bytes.len() {
        for second in [first + 1, first + 13, bytes.len()] {
            let (there, end) = read(Pieces::new(&bytes, vec![first, second]));
            assert_eq!(there, frames);
            assert!(matches!(end, FrameError::Closed), "{end}");
        }
    }
    let (there, _) = read(Pieces::new(&bytes, (0..bytes.len()).collect()));
    assert_eq!(there, frames);
}

#[test]
fn a_stream_that_ends_inside_of_a_frame_is_cut() {
    let frames = [frame(1, 1, b"first"), frame(2, 2, b"second")];
    let bytes = written(&frames);
    let whole = written(&frames[..1]).len();
    for end in 0..bytes.len() {
        let (there, error) = read(&bytes[..end]);
        assert_eq!(there.len(), usize::from(end >= whole));
        match end == 0 || end == whole {
            true => assert!(matches!(error, FrameError::Closed), "{end}: {error}"),
            false => assert!(matches!(error, FrameError::Truncated), "{end}: {error}"),
        }
    }
}

#[test]
fn a_small_frame_takes_one_read_and_many_take_no_more() {
    let one = frame(1, 1, &[7; 100]);
    let bytes = written(std::slice::from_ref(&one));
    let stream = Pieces::new(&bytes, Vec::new());
    let reads = stream.reads.clone();
    assert_eq!(FrameReader::new(stream, 1 << 20).next().expect("a frame"), one);
    assert_eq!(*reads.borrow(), 1);
    let many = vec![one; 50];
    let bytes = written(&many);
    let stream = Pieces::new(&bytes, Vec::new());
    let reads = stream.reads.clone();
    assert_eq!(read(stream).0, many);
    assert_eq!(*reads.borrow(), 2, "and the end");
}

#[test]
fn a_large_frame_is_read() {
    let one = frame(1, 1, &(0..300_000u32).map(|at| at.to_le_bytes()[0]).collect::<Vec<_>>());
    let bytes = written(&[one.clone(), frame(2, 2, b"next")]);
    assert_eq!(read(Pieces::new(&bytes, vec![20, 9_000, 70_001])).0, [one, frame(2, 2, b"next")]);
}

#[test]
fn a_length_is_checked_before_there_is_memory_for_it() {
    let mut bytes = written(&[frame(1, 1, b"")]);
    bytes[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    let (_, error) = read(&bytes[..]);
    assert!(matches!(error, FrameError::TooLong { claimed: 0xffff_fff6, limit: 0x10_0000 }), "{error}");
    for short in 0..9u32 {
        bytes[..4].copy_from_slice(&short.to_le_bytes());
        let (_, error) = read(&bytes[..]);
        assert!(matches!(error, FrameError::TooShort { .. }), "{error}");
    }
    // Within the limit, it is given memory as its bytes come.
    bytes[..4].copy_from_slice(&(64u32 << 20).to_le_bytes());
    bytes.extend([7; 1_000]);
    let stream = Pieces::new(&bytes, vec![13, 500]);
    let most = stream.most.clone();
    let mut reader = FrameReader::new(stream, 64 << 20);
    assert!(matches!(reader.next(), Err(FrameError::Truncated)));
    assert_eq!(*most.borrow(), 64 << 10);
}

/// A stream whose reads run out of time.
struct Slow<'b>(&'b [u8], bool);

impl Read for Slow<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        match self.1 {
            true => Err(ErrorKind::TimedOut.into()),
            false => self.0.read(&mut room[..1]),
        }
    }
}

#[test]
fn after_a_timeout_it_goes_on_where_it_was() {
    let frames = [frame(1, 1, b"first"), frame(2, 2, b"second")];
    let bytes = written(&frames);
    let mut reader = FrameReader::new(Slow(&bytes, false), 100);
    let (mut there, mut late) = (Vec::new(), 0);
    let end = loop {
        match reader.next() {
            Ok(frame) => there.push(frame),
            Err(FrameError::Io(error)) if error.kind() == ErrorKind::TimedOut => late += 1,
            Err(other) => break other,
        }
    };
    assert!(matches!(end, FrameError::Closed));
    assert_eq!((there.as_slice(), late), (frames.as_slice(), bytes.len() + 1));
}

/// The bytes of each write.
#[derive(Default)]
struct Calls(Vec<Vec<u8>>);

impl Write for Calls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_frame_is_written_at_once_or_not_at_all() {
    let mut calls = Calls::default();
    let mut writer = FrameWriter::new(&mut calls, 10);
    let put = |length: usize| {
        move |out: &mut Out| {
            out.extend(std::iter::repeat_n(7, length));
            Ok::<_, FrameError>(())
        }
    };
    writer.send(1, 1, put(10)).expect("it is within the limit");
    let error = writer.send(1, 1, put(11)).expect_err("it is not");
    assert!(matches!(error, FrameError::TooLong { claimed: 11, limit: 10 }), "{error}");
    writer.send(1, 1, |_| Err(FrameError::Closed)).expect_err("it has no body");
    writer.send(1, 1, put(0)).expect("it is within the limit");
    assert_eq!(calls.0.iter().map(Vec::len).collect::<Vec<_>>(), [23, 13]);
}

/// A stream that has room for so many bytes.
struct Narrow {
    room: usize,
    there: Vec<u8>,
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.room);
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.room -= count;
        self.there.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn frames_that_are_sent_soon_are_sent_in_their_order() {
    let frames = (0..20).map(|nth| frame(nth, nth.into(), &[nth; 40])).collect::<Vec<_>>();
    let expected = written(&frames);
    for room in [1, 7, 53, 54, 1000, 5000] {
        let mut builder = FrameBuilder::new(1 << 20, None);
        let mut sender = FrameSender::new(Narrow { room, there: Vec::new() });
        for (nth, Frame { kind, call, body }) in frames.iter().enumerate() {
            let body = |out: &mut Out| {
                out.extend_from_slice(body);
                Ok::<_, FrameError>(())
            };
            let frame = builder.make(*kind, *call, body).expect("it is short");
            match nth {
                // One that waits has all that was before it written first.
                10 => {
                    let more = |stream: &mut Narrow| {
                        stream.room += room;
                        Ok::<_, FrameError>(())
                    };
                    sender.send_while(frame, more).expect("it is sent");
                    assert_eq!(sender.backlog(), 0);
                }
                _ => sender.send_soon(frame).expect("it is sent soon"),
            }
        }
        while !sender.push_on().expect("there is room") {
            sender.stream().room += room;
        }
        assert_eq!(sender.stream().there, expected, "{room}");
    }
}
