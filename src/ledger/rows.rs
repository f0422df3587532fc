//! Rows in the order of their calls, however many there are.

use super::bytes::{Bytes, put_number, put_signed, put_text};
use super::sort::{Sorted, Sorter};
use super::spill::{Scratch, SpillError};
use crate::model::call::Call;
use crate::model::document::{Cell, Row};
use crate::model::money::{Amount, Currency, Money};

/// Rows of calls while they arrive.
#[derive(Debug)]
pub struct SortingRows<'l> {
    sorter: Sorter<'l>,
    key: Vec<u8>,
    row: Vec<u8>,
}

impl<'l> SortingRows<'l> {
    pub(super) fn new(scratch: &'l Scratch, limit: usize) -> Self {
        Self { sorter: Sorter::new(scratch, limit), key: Vec::new(), row: Vec::new() }
    }

    /// Takes in the row of a call.
    ///
    /// # Errors
    /// When memory is full and the disk does not take what it holds.
    pub fn push(&mut self, call: &Call, row: &[Cell]) -> Result<(), SpillError> {
        self.key.clear();
        self.row.clear();
        put_place(&mut self.key, call);
        for cell in row {
            put_cell(&mut self.row, cell);
        }
        self.sorter.push(&self.key, &self.row)
    }

    /// All rows in the order of their calls.
    ///
    /// # Errors
    /// When what waited on disk cannot be read.
    pub fn merge(several: Vec<Self>) -> Result<SortedRows<'l>, SpillError> {
        Ok(SortedRows { sorted: Sorter::merge(several.into_iter().map(|rows| rows.sorter).collect())? })
    }
}

/// Rows in order.
pub struct SortedRows<'l> {
    sorted: Sorted<'l>,
}

impl Iterator for SortedRows<'_> {
    type Item = Result<Row, SpillError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.sorted.advance().and_then(|found| found.map(|found| take_row(&found.item)).transpose()).transpose()
    }
}

/// The place of a call among calls, so that comparing the bytes compares the places.
fn put_place(out: &mut Vec<u8>, call: &Call) {
    let (time, log_name, insert_id, key) = call.place();
    out.push(u8::from(time.is_some()));
    out.extend_from_slice(&(time.unwrap_or(0) as u64 ^ 1 << 63).to_be_bytes());
    for text in [log_name, insert_id] {
        out.push(u8::from(text.is_some()));
        for byte in text.unwrap_or_default().bytes() {
            // The end of a text must come before any byte of a longer one.
            out.push(byte);
            if byte == 0 {
                out.push(0xff);
            }
        }
        out.extend_from_slice(&[0, 0]);
    }
    out.extend_from_slice(&key.0.to_be_bytes());
}

fn put_cell(out: &mut Vec<u8>, cell: &Cell) {
    match cell {
        Cell::Null => out.push(0),
        Cell::Text(text) => {
            out.push(1);
            put_text(out, text);
        }
        Cell::Integer(number) => match u64::try_from(*number) {
            Ok(number) => {
                out.push(2);
                put_number(out, number);
            }
            Err(_) => {
                out.push(3);
                out.extend_from_slice(&number.to_be_bytes());
            }
        },
        Cell::Signed(number) => {
            out.push(4);
            put_signed(out, *number);
        }
        Cell::Boolean(truth) => out.push(5 + u8::from(*truth)),
        Cell::Time(nanos) => {
            out.push(7);
            put_signed(out, *nanos);
        }
        Cell::Share(millionths) => {
            out.push(8);
            put_number(out, u64::from(*millionths));
        }
        Cell::Money(money) => {
            out.push(9);
            out.extend_from_slice(&money.exact.units().cast_unsigned().to_be_bytes());
            out.extend_from_slice(&money.coins.cast_unsigned().to_be_bytes());
            put_text(out, money.currency.code());
        }
        Cell::Proof(_) => {
            unreachable!("the columns of `calls` hold no proofs: those are of groups")
        }
    }
}

fn take_row(bytes: &[u8]) -> Result<Row, SpillError> {
    let mut bytes = Bytes::new(bytes);
    let mut row = Row::new();
    while !bytes.is_empty() {
        row.push(match bytes.byte()? {
            0 => Cell::Null,
            1 => Cell::Text(bytes.text()?.to_owned()),
            2 => Cell::Integer(u128::from(bytes.number()?)),
            3 => Cell::Integer(bytes.hash()?),
            4 => Cell::Signed(bytes.signed()?),
            5 => Cell::Boolean(false),
            6 => Cell::Boolean(true),
            7 => Cell::Time(bytes.signed()?),
            8 => Cell::Share(bytes.small()?),
            9 => {
                let (exact, coins) = (Amount::of_units(bytes.hash()?.cast_signed()), bytes.hash()?.cast_signed());
                let currency = Currency::parse(bytes.text()?).ok_or(SpillError::Damaged)?;
                Cell::Money(Money { exact, coins, currency })
            }
            _ => return Err(SpillError::Damaged),
        });
    }
    Ok(row)
}
