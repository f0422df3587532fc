//! Buffers: bytes that were read, with room that is filled anew without being cleared.

use std::io::{self, Read};
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

/// Bytes at the front of some room.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    /// Those that count, and behind them what is left of others.
    room: Vec<u8>,
    filled: usize,
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.room[..self.filled]
    }
}

impl Buffer {
    /// Reads so many more bytes, or those that are left.
    ///
    /// # Errors
    /// When the reader fails; what was read before stays.
    pub fn read(&mut self, reader: &mut impl Read, most: usize) -> io::Result<()> {
        let end = self.make_room(most);
        while self.filled < end {
            match reader.read(&mut self.room[self.filled..end]) {
                Ok(0) => break,
                Ok(read) => self.filled += read,
                Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Appends bytes.
    pub fn extend(&mut self, bytes: &[u8]) {
        let end = self.make_room(bytes.len());
        self.room[self.filled..end].copy_from_slice(bytes);
        self.filled = end;
    }

    /// Makes room for so many more bytes; where they will end.
    fn make_room(&mut self, more: usize) -> usize {
        let end = self.filled + more;
        if self.room.len() < end {
            self.room.resize(end, 0);
        }
        end
    }

    /// Leaves the bytes between these places.
    pub fn keep(&mut self, start: usize, end: usize) {
        if start > 0 {
            self.room.copy_within(start..end, 0);
        }
        self.filled = end - start;
    }
}

/// Buffers that nobody reads any more, to be filled anew: asking the system for memory costs about as much as reading into it.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    free: Mutex<Vec<Buffer>>,
    most: usize,
}

impl Buffers {
    /// Keeps so many buffers at most.
    pub fn new(most: usize) -> Self {
        Self { free: Mutex::default(), most }
    }

    /// An empty buffer.
    pub fn take(&self) -> Buffer {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes back a buffer, unless it grew far beyond a chunk.
    pub fn give(&self, mut buffer: Buffer, chunk: usize) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < self.most && buffer.room.capacity() <= 4 * chunk {
            buffer.filled = 0;
            free.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives a few bytes at a time, and is interrupted in between.
    struct Slow<'b>(&'b [u8], bool);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let most = buffer.len().min(3);
            self.0.read(&mut buffer[..most])
        }
    }

    proptest! {
        #[test]
        fn a_buffer_holds_what_a_list_of_bytes_would(
            steps in proptest::collection::vec((0_u8..4, 0_usize..30, 0_usize..30), 0..30),
        ) {
            let buffers = Buffers::new(1);
            let (mut buffer, mut expected) = (buffers.take(), Vec::new());
            for (step, a, b) in steps {
                let bytes: Vec<u8> = (0..a as u8).map(|byte| byte ^ b as u8).collect();
                match step {
                    0 => {
                        buffer.read(&mut Slow(&bytes, false), b).expect("read");
                        expected.extend(bytes.iter().take(b));
                    }
                    1 => {
                        buffer.extend(&bytes);
                        expected.extend(bytes);
                    }
                    2 => {
                        let (start, end) = (a.min(b).min(expected.len()), a.max(b).min(expected.len()));
                        buffer.keep(start, end);
                        expected = expected[start..end].to_vec();
                    }
                    _ => {
                        buffers.give(buffer, 100);
                        buffer = buffers.take();
                        expected.clear();
                    }
                }
                prop_assert_eq!(&*buffer, expected.as_slice());
            }
        }
    }
}
