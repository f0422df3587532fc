//! Records kept apart by hash, so that each part can be put together alone: in memory up to a limit, on disk beyond.

use super::code::{Head, Records};
use super::spill::{Block, Scratch, SpillError};

/// How many parts records are kept in.
pub(super) const PARTS: usize = 256;

/// The number of times that records can be told apart by eight more bits.
const DEEPEST: u32 = 15;

/// Records in parts by eight bits of their group's hash, the highest first; which eight says the level. So the parts stand in
/// the order of their groups.
#[derive(Debug)]
pub(super) struct Parts {
    level: u32,
    held: Vec<Vec<u8>>,
    stored: Vec<Vec<Block>>,
    /// Bytes of memory that `held` takes.
    held_bytes: usize,
}

impl Parts {
    /// No records yet, told apart by the bits of a level, from 0.
    pub fn new(level: u32) -> Self {
        let (held, stored) = ((0..PARTS).map(|_| Vec::new()).collect(), (0..PARTS).map(|_| Vec::new()).collect());
        Self { level, held, stored, held_bytes: 0 }
    }

    /// Bytes of memory that the records take.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Takes in a record.
    pub fn push(&mut self, head: Head, record: &[u8]) {
        let bits = head.group >> (8 * (DEEPEST - self.level));
        let part = &mut self.held[(bits % PARTS as u128) as usize];
        let before = part.capacity();
        part.extend_from_slice(record);
        self.held_bytes += part.capacity() - before;
    }

    /// Empties memory to disk.
    pub fn spill(&mut self, scratch: &Scratch) -> Result<(), SpillError> {
        for (held, stored) in self.held.iter_mut().zip(&mut self.stored) {
            if !held.is_empty() {
                stored.push(scratch.write(&scratch.pack(held)?)?);
                *held = Vec::new();
            }
        }
        self.held_bytes = 0;
        scratch.note_spill();
        Ok(())
    }

    /// Bytes of the records of a part.
    pub fn size(&self, part: usize) -> usize {
        self.held[part].len() + self.stored[part].iter().map(|block| block.length).sum::<usize>()
    }

    /// The records of a part in pieces, each whole.
    pub fn pieces(
        &self,
        part: usize,
        scratch: &Scratch,
        each: &mut dyn FnMut(&[u8]) -> Result<(), SpillError>,
    ) -> Result<(), SpillError> {
        for block in &self.stored[part] {
            each(&scratch.read(*block)?)?;
        }
        each(&self.held[part])
    }

    /// Whether all records of a part are in memory.
    pub fn is_held(&self, part: usize) -> Option<&[u8]> {
        self.stored[part].is_empty().then_some(self.held[part].as_slice())
    }

    /// The records of a part, told apart by eight more bits.
    fn finer(&self, part: usize, limit: usize, scratch: &Scratch) -> Result<Self, SpillError> {
        let mut finer = Self::new(self.level + 1);
        self.pieces(part, scratch, &mut |piece| {
            let mut records = Records::new(piece);
            while let Some(record) = records.next()? {
                finer.push(record.head, record.bytes);
            }
            if finer.held_bytes > limit { finer.spill(scratch) } else { Ok(()) }
        })?;
        Ok(finer)
    }

    /// Tells the records of one part, from several places, apart by eight more bits; `None` when that cannot help.
    pub fn all_finer(
        several: &[&Self],
        part: usize,
        limit: usize,
        scratch: &Scratch,
    ) -> Result<Option<Vec<Self>>, SpillError> {
        if several.iter().any(|parts| parts.level == DEEPEST) {
            return Ok(None);
        }
        let limit = limit / several.len().max(1);
        let finer = several.iter().map(|parts| parts.finer(part, limit, scratch)).collect::<Result<Vec<_>, _>>()?;
        let whole: usize = several.iter().map(|parts| parts.size(part)).sum();
        let helps = (0..PARTS).all(|part| finer.iter().map(|parts| parts.size(part)).sum::<usize>() < whole);
        Ok(helps.then_some(finer))
    }
}
