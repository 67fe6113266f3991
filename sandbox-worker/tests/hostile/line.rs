//! What a child says that keeps to no protocol.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};

pub(crate) fn frame(kind: u8, call: u64, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 9).unwrap();
    [&length.to_le_bytes()[..], &[kind], &call.to_le_bytes(), body].concat()
}

/// An empty bill and a number.
pub(crate) fn value(number: f64) -> Vec<u8> {
    [&[0; 96][..], &[4], &number.to_le_bytes()].concat()
}

/// A number, and a bill whose field of this number is as large as can be; beyond the last, all of them are.
pub(crate) fn billed(field: usize) -> Vec<u8> {
    let field = |nth| if field >= 12 || nth == field { u64::MAX } else { 0 };
    let bill = (0..12).flat_map(|nth| field(nth).to_le_bytes()).collect::<Vec<_>>();
    [&bill[..], &[4], &1.0_f64.to_le_bytes()].concat()
}

/// The child's end of the channel.
pub(crate) struct Line(File);

impl Line {
    /// What it was started with.
    pub(crate) fn own() -> Self {
        Self(File::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap()))
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        // When the parent has had enough, this is over.
        if self.0.write_all(bytes).is_err() {
            std::process::exit(9);
        }
    }

    pub(crate) fn frame(&mut self, kind: u8, call: u64, body: &[u8]) {
        self.raw(&frame(kind, call, body));
    }

    /// Calls a method of the host for a call, by the numbers of its contract and of itself.
    pub(crate) fn asks(&mut self, id: u64, [contract, method]: [u16; 2], owner: u64, args: &[u8]) {
        let numbers = [contract.to_le_bytes(), method.to_le_bytes()].concat();
        self.frame(0x85, id, &[&numbers[..], &owner.to_le_bytes(), args].concat());
    }

    /// A value of this tag and length that is said to be there in the window.
    pub(crate) fn aside(&mut self, call: u64, tag: u8, at: usize, length: usize) {
        let lengths = [at, length].map(|number| {
            [0, 7, 14, 21, 28].map(|shift| (number >> shift) as u8 & 0x7f | if shift < 28 { 0x80 } else { 0 })
        });
        // In its shortest form.
        let lengths = lengths.map(|long| {
            let end = (1..5).rev().find(|end| long[*end] & 0x7f != 0).unwrap_or(0);
            let mut short = long[..=end].to_vec();
            short[end] &= 0x7f;
            short
        });
        self.frame(0x83, call, &[&[0; 96][..], &[19, tag], &lengths.concat()].concat());
    }

    /// Without ending itself.
    pub(crate) fn close(&self) {
        // SAFETY: both are of this process; what reads or writes them next gets an error.
        unsafe { (libc::close(self.0.as_raw_fd()), libc::close(0)) };
    }

    /// The kind and the call of the next frame.
    pub(crate) fn next(&mut self) -> (u8, u64, Vec<u8>) {
        let mut length = [0; 4];
        if self.0.read_exact(&mut length).is_err() {
            std::process::exit(9);
        }
        let mut rest = vec![0; u32::from_le_bytes(length) as usize];
        self.0.read_exact(&mut rest).unwrap();
        (rest[0], u64::from_le_bytes(rest[1..9].try_into().unwrap()), rest[9..].to_vec())
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) {
        self.0.read_exact(&mut [0]).unwrap();
    }

    pub(crate) fn skip(&mut self) {
        self.next();
    }
}
