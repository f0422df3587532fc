//! What a run cost: time by stage, counts, memory. Nothing of it is part of a result.

use std::collections::BTreeMap;
use std::time::Duration;

use super::closed_list::closed_list;

closed_list! {
    /// A stage of a run, in the order in which bytes pass.
    pub enum Stage {
        List = "list": "finding the inputs",
        Read = "read": "opening inputs and reading them as they are stored",
        Inflate = "inflate": "decompressing",
        Cut = "cut": "cutting inputs into pieces that threads can work on by themselves",
        Decode = "decode": "splitting pieces into records, reading the entries, and keeping those that are like others",
        Collapse = "collapse": "keeping the other entries until their calls are whole",
        Close = "close": "putting entries together into calls, and sorting",
        Attribute = "attribute": "finding payers and units, of calls that are alike once",
        Group = "group": "grouping, sorting and balancing the table",
        Prove = "prove": "reading the inputs again and holding the filters against the entries",
        Print = "print": "writing the result",
    }
}

closed_list! {
    /// What a run counts.
    pub enum Count {
        Inputs = "inputs": "inputs read, to their end or not",
        StoredBytes = "stored_bytes": "bytes read, as stored",
        TextBytes = "text_bytes": "bytes after decompression",
        Records = "records": "records found",
        ScannedFast = "scanned_fast": "records that the fast scanner read",
        Remembered = "remembered": "those of them whose verdict was known from records like them",
        ScannedStrict = "scanned_strict": "records that a general JSON parser read",
        Rejected = "rejected": "records that cannot be read",
        Calls = "calls": "calls that the entries tell of",
        HeldBytes = "held_bytes": "the most bytes of entries that waited in memory",
        Spills = "spills": "times that memory was emptied to disk",
        SpilledBytes = "spilled_bytes": "bytes written to disk meanwhile, compressed",
    }
}

impl Count {
    /// Whether it says how fast the run was.
    pub const fn is_paced(self) -> bool {
        match self {
            Self::StoredBytes | Self::TextBytes | Self::Records => true,
            Self::Inputs
            | Self::ScannedFast
            | Self::Remembered
            | Self::ScannedStrict
            | Self::Rejected
            | Self::Calls
            | Self::HeldBytes
            | Self::Spills
            | Self::SpilledBytes => false,
        }
    }

    /// Whether it counts bytes.
    pub const fn is_bytes(self) -> bool {
        match self {
            Self::StoredBytes | Self::TextBytes | Self::HeldBytes | Self::SpilledBytes => true,
            Self::Inputs
            | Self::Records
            | Self::ScannedFast
            | Self::Remembered
            | Self::ScannedStrict
            | Self::Rejected
            | Self::Calls
            | Self::Spills => false,
        }
    }
}

/// What a run cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// From the first look at the inputs to the last byte of the result.
    pub wall: Duration,
    /// Threads that decode.
    pub threads: usize,
    /// The most memory held at one time in bytes, where the system tells.
    pub peak_memory: Option<u64>,
    /// Time by stage, added over the threads that worked on it.
    pub stages: BTreeMap<Stage, Duration>,
    /// The counts.
    pub counts: BTreeMap<Count, u64>,
}

impl Stats {
    /// How much of a count there was in a second of the run; `None` for a run too short to tell.
    pub fn per_second(&self, count: Count) -> Option<u64> {
        let counted = u128::from(self.counts.get(&count).copied().unwrap_or_default());
        u64::try_from((counted * 1_000_000).checked_div(self.wall.as_micros())?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_is_by_wall_time() {
        let mut stats = Stats { wall: Duration::from_millis(500), ..Stats::default() };
        stats.counts.insert(Count::Records, 21);
        assert_eq!(stats.per_second(Count::Records), Some(42));
        assert_eq!(stats.per_second(Count::TextBytes), Some(0));
        assert_eq!(Stats::default().per_second(Count::Records), None);
    }
}
