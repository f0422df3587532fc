//! Records kept apart by hash, so that each part can be put together alone: in memory up to a limit, on disk beyond.

use std::borrow::Cow;

use super::code::{Head, Records};
use super::spill::{Block, Scratch, SpillError};

/// How many parts records are kept in.
pub(super) const PARTS: usize = 256;

/// The number of times that records can be told apart by eight more bits.
const DEEPEST: u32 = 15;

/// The first block of a part takes so many bytes; each further one as many as all before it together, up to [`LARGEST`].
const SMALLEST: usize = 256;

/// What most blocks take.
const LARGEST: usize = 16 << 10;

/// Records in parts by eight bits of their group's hash, the highest first; which eight says the level. So the parts stand in
/// the order of their groups.
#[derive(Debug)]
pub(super) struct Parts {
    level: u32,
    parts: Vec<Part>,
    /// Bytes of memory that records take.
    held_bytes: usize,
    /// The part that goes to disk next.
    next: usize,
}

/// The records of a part, each whole in one block.
#[derive(Debug, Default)]
struct Part {
    /// Blocks in memory. They stay where they are when more records come.
    held: Vec<Vec<u8>>,
    /// Bytes of memory that they take.
    held_bytes: usize,
    stored: Vec<Block>,
}

impl Part {
    /// Takes in a record, and gives the bytes of memory that this took.
    fn push(&mut self, record: &[u8]) -> usize {
        if let Some(block) = self.held.last_mut()
            && block.capacity() - block.len() >= record.len()
        {
            block.extend_from_slice(record);
            return 0;
        }
        let mut block = Vec::with_capacity(self.held_bytes.clamp(SMALLEST, LARGEST).max(record.len()));
        block.extend_from_slice(record);
        let taken = block.capacity();
        self.held.push(block);
        self.held_bytes += taken;
        taken
    }

    fn size(&self) -> usize {
        self.held.iter().map(Vec::len).chain(self.stored.iter().map(|block| block.length)).sum()
    }

    /// Empties memory to disk, and gives how many bytes that freed.
    fn spill(&mut self, scratch: &Scratch) -> Result<usize, SpillError> {
        if !self.held.is_empty() {
            self.stored.push(scratch.write(&scratch.pack(&self.held.concat())?)?);
            self.held = Vec::new();
        }
        Ok(std::mem::take(&mut self.held_bytes))
    }
}

impl Parts {
    /// No records yet, told apart by the bits of a level, from 0.
    pub fn new(level: u32) -> Self {
        Self { level, parts: (0..PARTS).map(|_| Part::default()).collect(), held_bytes: 0, next: 0 }
    }

    /// Bytes of memory that the records take.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Takes in a record.
    pub fn push(&mut self, head: Head, record: &[u8]) {
        let bits = head.group >> (8 * (DEEPEST - self.level));
        self.held_bytes += self.parts[(bits % PARTS as u128) as usize].push(record);
    }

    /// Empties parts of memory to disk, in turn, until no more than so many bytes are left.
    pub fn spill(&mut self, left: usize, scratch: &Scratch) -> Result<(), SpillError> {
        for _ in 0..PARTS {
            if self.held_bytes <= left {
                break;
            }
            self.held_bytes -= self.parts[self.next].spill(scratch)?;
            self.next = (self.next + 1) % PARTS;
        }
        scratch.note_spill();
        Ok(())
    }

    /// Bytes of the records of a part.
    pub fn size(&self, part: usize) -> usize {
        self.parts[part].size()
    }

    /// The records of a part in blocks, each record whole.
    pub fn blocks<'p>(
        &'p self,
        part: usize,
        scratch: &'p Scratch,
    ) -> impl Iterator<Item = Result<Cow<'p, [u8]>, SpillError>> {
        let Part { held, stored, .. } = &self.parts[part];
        let stored = stored.iter().map(|block| scratch.read(*block).map(Cow::Owned));
        stored.chain(held.iter().map(|block| Ok(Cow::Borrowed(block.as_slice()))))
    }

    /// Whether a part of the records is on disk.
    pub fn is_stored(&self, part: usize) -> bool {
        !self.parts[part].stored.is_empty()
    }

    /// The records of a part, told apart by eight more bits.
    fn finer(&self, part: usize, limit: usize, scratch: &Scratch) -> Result<Self, SpillError> {
        let mut finer = Self::new(self.level + 1);
        for block in self.blocks(part, scratch) {
            let block = block?;
            let mut records = Records::new(&block);
            while let Some(record) = records.next()? {
                finer.push(record.head, record.bytes);
            }
            if finer.held_bytes > limit {
                finer.spill(0, scratch)?;
            }
        }
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

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::code::{Forms, References, put_told, told_at};
    use super::super::made_up::told;
    use super::super::words::{ResourceNames, Words};
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn records_come_back_from_memory_and_disk_in_their_order(
            several in vec(told(), 1..30),
            spills in vec((any::<prop::sample::Index>(), 0..3000_usize), 0..5),
        ) {
            let scratch = Scratch::new(std::env::temp_dir());
            let (mut parts, mut words) = (Parts::new(0), Words::new(1 << 20, ResourceNames::Whole));
            let mut expected: Vec<Vec<_>> = vec![Vec::new(); PARTS];
            for (at, told) in several.iter().enumerate() {
                let mut record = Vec::new();
                let head = put_told(&mut record, told, &mut words);
                parts.push(head, &record);
                expected[(head.group >> 120) as usize].push(told);
                for (_, left) in spills.iter().filter(|(after, _)| after.index(several.len()) == at) {
                    parts.spill(*left, &scratch).expect("spilled");
                    prop_assert!(parts.held_bytes() <= *left);
                }
            }
            for (part, expected) in expected.into_iter().enumerate() {
                let (mut found, mut size) = (Vec::new(), 0);
                for block in parts.blocks(part, &scratch) {
                    let block = block.expect("read");
                    size += block.len();
                    let mut records = Records::new(&block);
                    while let Some(record) = records.next().expect("whole") {
                        found.push(told_at(&block, record.start, References { words: &words, forms: &Forms::new(0) }).expect("whole"));
                    }
                }
                prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
                prop_assert_eq!(parts.size(part), size);
            }
        }
    }
}
