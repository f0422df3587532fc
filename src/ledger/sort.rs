//! Sorting more than fits in memory: sorted runs wait on disk and are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bytes::{Bytes, put_number};
use super::spill::{Block, Scratch, SpillError};

/// Bytes of a run that are read at a time.
const BLOCK: usize = 32 << 10;

/// At least so many runs are merged at a time.
const FEWEST: usize = 8;

/// Items with their keys while they arrive.
#[derive(Debug)]
pub(super) struct Sorter<'s> {
    scratch: &'s Scratch,
    limit: usize,
    /// The items that are held: length of key and item, key and item.
    bytes: Vec<u8>,
    starts: Vec<usize>,
    runs: Vec<Vec<Block>>,
}

impl<'s> Sorter<'s> {
    /// Holds up to a limit of bytes in memory.
    pub fn new(scratch: &'s Scratch, limit: usize) -> Self {
        Self { scratch, limit, bytes: Vec::new(), starts: Vec::new(), runs: Vec::new() }
    }

    /// Takes in an item. Keys are compared bytewise and differ.
    pub fn push(&mut self, key: &[u8], item: &[u8]) -> Result<(), SpillError> {
        self.starts.push(self.bytes.len());
        put_keyed(&mut self.bytes, Keyed { key, item });
        let held = self.bytes.capacity() + self.starts.capacity() * size_of::<usize>();
        if held > self.limit && self.bytes.len() > BLOCK { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<(), SpillError> {
        let bytes = std::mem::take(&mut self.bytes);
        let mut run = Run::new(self.scratch);
        for start in sorted(&bytes, std::mem::take(&mut self.starts))? {
            run.push(keyed(&mut Bytes::new(&bytes[start..]))?)?;
        }
        self.runs.push(run.end()?);
        self.scratch.note_spill();
        Ok(())
    }

    /// The items of several sorters in order.
    pub fn merge(sorters: Vec<Self>) -> Result<Sorted<'s>, SpillError> {
        let fan = sorters.iter().map(|sorter| sorter.limit / BLOCK).sum::<usize>().max(FEWEST);
        let mut held = Vec::new();
        let mut runs = Vec::new();
        let mut scratch = None;
        for sorter in sorters {
            scratch = Some(sorter.scratch);
            runs.extend(sorter.runs);
            held.push(Cursor::held(sorter.bytes, sorter.starts)?);
        }
        let Some(scratch) = scratch else { return Sorted::new(Vec::new()) };
        // The first runs are merged into one at the end of the list, until few enough are left.
        while runs.len() > fan {
            let first: Vec<Vec<Block>> = runs.drain(..fan.min(runs.len())).collect();
            let mut merged = Run::new(scratch);
            let mut sorted = Sorted::new(first.into_iter().map(|blocks| Cursor::stored(scratch, blocks)).collect())?;
            while let Some(Head { key, item, .. }) = sorted.advance()? {
                merged.push(Keyed { key: &key, item: &item })?;
            }
            runs.push(merged.end()?);
        }
        held.extend(runs.into_iter().map(|blocks| Cursor::stored(scratch, blocks)));
        Sorted::new(held)
    }
}

/// The places of the items in the order of their keys.
fn sorted(bytes: &[u8], mut starts: Vec<usize>) -> Result<Vec<usize>, SpillError> {
    let key = |start: &usize| keyed(&mut Bytes::new(&bytes[*start..])).map_or(&[] as &[u8], |keyed| keyed.key);
    starts.sort_unstable_by(|a, b| key(a).cmp(key(b)));
    Ok(starts)
}

/// An item with its key.
#[derive(Clone, Copy)]
struct Keyed<'r> {
    key: &'r [u8],
    item: &'r [u8],
}

fn put_keyed(out: &mut Vec<u8>, keyed: Keyed<'_>) {
    put_number(out, keyed.key.len() as u64);
    put_number(out, keyed.item.len() as u64);
    out.extend_from_slice(keyed.key);
    out.extend_from_slice(keyed.item);
}

fn keyed<'r>(bytes: &mut Bytes<'r>) -> Result<Keyed<'r>, SpillError> {
    let (key, item) = (bytes.small()?, bytes.small()?);
    Ok(Keyed { key: bytes.take(key)?, item: bytes.take(item)? })
}

/// A run that is being written.
struct Run<'s> {
    scratch: &'s Scratch,
    bytes: Vec<u8>,
    blocks: Vec<Block>,
}

impl<'s> Run<'s> {
    fn new(scratch: &'s Scratch) -> Self {
        Self { scratch, bytes: Vec::with_capacity(BLOCK), blocks: Vec::new() }
    }

    fn push(&mut self, keyed: Keyed<'_>) -> Result<(), SpillError> {
        put_keyed(&mut self.bytes, keyed);
        if self.bytes.len() >= BLOCK { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), SpillError> {
        self.blocks.push(self.scratch.write(&self.scratch.pack(&self.bytes)?)?);
        self.bytes.clear();
        Ok(())
    }

    fn end(mut self) -> Result<Vec<Block>, SpillError> {
        if !self.bytes.is_empty() {
            self.write()?;
        }
        Ok(self.blocks)
    }
}

/// A run that is being read.
struct Cursor<'s> {
    bytes: Vec<u8>,
    rest: Rest<'s>,
}

/// What of a run is still to come.
enum Rest<'s> {
    /// Places in the bytes.
    Held(std::vec::IntoIter<usize>),
    /// The place in the bytes, and the blocks after them.
    Stored { at: usize, scratch: &'s Scratch, blocks: std::vec::IntoIter<Block> },
}

impl<'s> Cursor<'s> {
    fn held(bytes: Vec<u8>, starts: Vec<usize>) -> Result<Self, SpillError> {
        let starts = sorted(&bytes, starts)?;
        Ok(Self { bytes, rest: Rest::Held(starts.into_iter()) })
    }

    fn stored(scratch: &'s Scratch, blocks: Vec<Block>) -> Self {
        Self { bytes: Vec::new(), rest: Rest::Stored { at: 0, scratch, blocks: blocks.into_iter() } }
    }

    fn next(&mut self) -> Result<Option<Keyed<'_>>, SpillError> {
        let start = match &mut self.rest {
            Rest::Held(starts) => match starts.next() {
                Some(start) => start,
                None => return Ok(None),
            },
            Rest::Stored { at, scratch, blocks } => {
                if *at == self.bytes.len() {
                    let Some(block) = blocks.next() else { return Ok(None) };
                    self.bytes = scratch.read(block)?;
                    *at = 0;
                }
                let start = *at;
                let mut rest = Bytes::new(&self.bytes[start..]);
                keyed(&mut rest)?;
                *at = self.bytes.len() - rest.len();
                start
            }
        };
        keyed(&mut Bytes::new(&self.bytes[start..])).map(Some)
    }
}

/// The next item of a run. Heads are compared by their keys, which differ.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head {
    /// The key.
    pub key: Vec<u8>,
    run: usize,
    /// The item.
    pub item: Vec<u8>,
}

/// Items in the order of their keys.
pub(super) struct Sorted<'s> {
    cursors: Vec<Cursor<'s>>,
    heads: BinaryHeap<Reverse<Head>>,
}

impl<'s> Sorted<'s> {
    fn new(cursors: Vec<Cursor<'s>>) -> Result<Self, SpillError> {
        let mut sorted = Self { heads: BinaryHeap::with_capacity(cursors.len()), cursors };
        (0..sorted.cursors.len()).try_for_each(|at| sorted.read(at))?;
        Ok(sorted)
    }

    fn read(&mut self, run: usize) -> Result<(), SpillError> {
        if let Some(Keyed { key, item }) = self.cursors[run].next()? {
            self.heads.push(Reverse(Head { key: key.to_vec(), run, item: item.to_vec() }));
        }
        Ok(())
    }

    /// The next item with its key.
    pub fn advance(&mut self) -> Result<Option<Head>, SpillError> {
        let Some(Reverse(head)) = self.heads.pop() else { return Ok(None) };
        self.read(head.run)?;
        Ok(Some(head))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn whatever_waits_where_comes_in_order(
            keys in proptest::collection::btree_set("[a-c]{0,6}", 0..400),
            limit in 0..200_000_usize,
            long in 0..2_000_usize,
            sorters in 1..4_usize,
        ) {
            let scratch = Scratch::new(std::env::temp_dir());
            let mut several: Vec<Sorter<'_>> = (0..sorters).map(|_| Sorter::new(&scratch, limit)).collect();
            let mut mixed: Vec<&String> = keys.iter().collect();
            mixed.sort_by_key(|key| xxhash_rust::xxh3::xxh3_64(key.as_bytes()));
            for (at, key) in mixed.iter().enumerate() {
                several[at % sorters].push(key.as_bytes(), key.repeat(long / 6).as_bytes()).expect("written");
            }
            let mut sorted = Sorter::merge(several).expect("read");
            for key in &keys {
                let Head { key: found, item, .. } = sorted.advance().expect("read").expect("one for each key");
                prop_assert_eq!(&found, key.as_bytes());
                prop_assert_eq!(item.len(), key.len() * (long / 6));
            }
            prop_assert!(sorted.advance().expect("read").is_none());
        }
    }
}
