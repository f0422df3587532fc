//! What can be wrong with a mapping, with file and line.

use std::fmt;

use super::mapping_cells::NAMES;
use super::mapping_pools::PoolMeasure;

/// What can be wrong with a mapping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum MappingProblem {
    /// The bytes are no UTF-8.
    #[error("the text is not UTF-8; save the file as UTF-8")]
    NotUtf8,
    /// There is no row.
    #[error("there are no rows; expected a header `project,business_unit` and at least one row")]
    NoRows,
    /// The header names a column that does not exist.
    #[error("unknown column `{0}`; known are {known}", known = NAMES.join(", "))]
    UnknownColumn(String),
    /// The header names a column twice.
    #[error("column `{0}` stands twice in the header")]
    DuplicateColumn(String),
    /// The header lacks a column.
    #[error("column `{0}` is missing in the header")]
    MissingColumn(&'static str),
    /// Quotes do not enclose a cell.
    #[error("broken quoting; a quote encloses a whole cell on one line, and a quote inside is doubled")]
    BrokenQuoting,
    /// More cells than the header has.
    #[error("{cells} cells under {columns} columns; a cell that holds the delimiter needs quotes")]
    TooManyCells {
        /// Cells up to the last that is not empty.
        cells: usize,
        /// Columns of the header.
        columns: usize,
    },
    /// No project can have this id or number.
    #[error(
        "no project can be called `{0}`; an id has 6 to 30 lower-case letters, digits and hyphens, begins with a letter \
         and does not end with a hyphen; a number is decimal without leading zeros"
    )]
    ImpossibleProject(String),
    /// The pattern cannot be read.
    #[error("glob `{glob}` cannot be read: {why}")]
    BadGlob {
        /// The pattern.
        glob: String,
        /// What is wrong with it.
        why: String,
    },
    /// A label that no project or job can have.
    #[error(
        "no label can be `{0}`; write KEY=VALUE in lower-case letters, digits, `_` and `-`, each of at most 63 characters"
    )]
    ImpossibleLabel(String),
    /// A folder or organisation that is no number.
    #[error("`{0}` names no folder or organisation; write its number, as in folder:880011223344 or org:123456789012")]
    BadContainer(String),
    /// A principal row without a principal.
    #[error("`principal:` needs a principal or a pattern, as in principal:*@example.com")]
    NoPrincipal,
    /// A restriction on a row that needs none.
    #[error(
        "`within` is for rows `principal:` and `job-label:`, which it restricts to the calls that some projects pay for"
    )]
    WithinOnProjects,
    /// A share that cannot be read.
    #[error("`{0}` is no share; write a fraction, a decimal or a percentage: 1/3, 0.25, 25%")]
    BadShare(String),
    /// A share that is negative, zero or more than all.
    #[error("share `{0}` is out of bounds; a share is above 0 and at most 1")]
    ShareOutOfBounds(String),
    /// A share of calls.
    #[error("a call is not split: rows `principal:` and `job-label:` take no share")]
    ShareOfCalls,
    /// A method on a row that is not about a pool.
    #[error("`method` is for rows `pool:UNIT`; map the projects to a unit and hand that unit's cost on")]
    MethodOfProject,
    /// A cost center on a row about a pool.
    #[error("a row `pool:UNIT` has no cost center; the receiving unit's own rows name it")]
    CostCenterOfPool,
    /// A method that is none.
    #[error("`{0}` is no method; write fixed, even, proportional:MEASURE or proportional:MEASURE else even, where MEASURE is {measures}",
        measures = PoolMeasure::ALL.iter().map(|measure| measure.name()).collect::<Vec<_>>().join(", "))]
    BadMethod(String),
    /// A fixed part without its size.
    #[error("the method `fixed` needs a share in each row of the pool, or give another method")]
    FixedWithoutShare,
    /// A share where another method divides.
    #[error("a share stands only with the method `fixed`")]
    ShareWithoutFixed,
    /// Every unit cannot have one share.
    #[error("`*` receives with `even` or `proportional:MEASURE`; with `fixed` each unit needs a row")]
    FixedToEveryUnit,
    /// Every unit and another.
    #[error("`*` is every unit; the pool can have no other receiver")]
    EveryUnitBesideOthers,
    /// One receiver twice.
    #[error("{selector} is shared to `{unit}` twice (first on line {first})")]
    SharedTwice {
        /// The selector with its noun.
        selector: String,
        /// The unit.
        unit: String,
        /// The line of the other row.
        first: u64,
    },
    /// One row with a share, one without.
    #[error("{selector} is shared and belongs to one unit at one time (line {first}); give every row a share, or none")]
    SharedAndNot {
        /// The selector with its noun.
        selector: String,
        /// The line of the other row.
        first: u64,
    },
    /// Shares that are not the whole.
    #[error("the shares of {selector} add up to {sum} and not to 1{when} ({lines}); correct them")]
    SharesNotOne {
        /// The selector with its noun.
        selector: String,
        /// The sum.
        sum: String,
        /// The lines of the rows.
        lines: String,
        /// At which time, as the end of a clause.
        when: String,
    },
    /// Shares whose common denominator is too large.
    #[error("the shares of {selector} are too fine to be added exactly; use fewer digits")]
    SharesTooFine {
        /// The selector with its noun.
        selector: String,
    },
    /// A rule that names a unit which nothing belongs to.
    #[error("no row puts a project or a call into the unit `{0}`; is it misspelt?")]
    UnknownUnit(String),
    /// Rows of one pool with several methods.
    #[error("pool `{pool}` has another method on line {first}; give all its rows the same")]
    SeveralMethods {
        /// The pool.
        pool: String,
        /// The line of the other row.
        first: u64,
    },
    /// Pools that hand on in a circle.
    #[error("the pools hand their cost around in a circle: `{0}`; leave one receiver out")]
    PoolCycle(String),
    /// A pool that receives after it was handed on.
    #[error(
        "pool `{pool}` hands on to `{receiver}`, which was handed on before (line {line}); put the rows of `{pool}` first"
    )]
    PoolTooLate {
        /// The pool.
        pool: String,
        /// The pool that it hands on to.
        receiver: String,
        /// The line where that one is handed on.
        line: u64,
    },
    /// A row that an inventory must explain, and none.
    #[error("{selector} can only be found in an inventory; give one with --projects")]
    NeedsInventory {
        /// The selector with its noun.
        selector: String,
    },
    /// The text is not TOML.
    #[error("this is not TOML: {0}")]
    NotToml(String),
    /// There is no rule.
    #[error("there are no rules; expected at least one table `[[rule]]` with the keys `project` and `business_unit`")]
    NoRules,
    /// A rule lacks a key.
    #[error("the rule has no `{0}`")]
    MissingKey(&'static str),
    /// A share of the rule and shares of its units.
    #[error("the rule has a `share` and shares in `business_unit`; leave one out")]
    ShareTwice,
    /// A key that the TOML form does not have.
    #[error("unknown key `{key}`; known are {known}")]
    UnknownKey {
        /// The key.
        key: String,
        /// What is known at that place.
        known: String,
    },
    /// A value of the wrong type.
    #[error("`{key}` must be {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The unit is empty.
    #[error("the business unit is empty")]
    EmptyUnit,
    /// The unit or cost center has a name that reports use for something else.
    #[error("`{0}` is reserved and cannot be a business unit or cost center")]
    ReservedName(String),
    /// A date that is none.
    #[error("`{0}` is not a date; write 2026-10-01, 2026-10 or an RFC 3339 time (years 1678 to 2261), or nothing")]
    BadDate(String),
    /// A validity that ends before it begins.
    #[error("valid_to `{to}` is not after valid_from `{from}`; valid_to is the first moment that no longer counts")]
    EmptyValidity {
        /// The beginning as written.
        from: String,
        /// The end as written.
        to: String,
    },
    /// The same selector with the same validity.
    #[error("{selector} is listed twice (first on line {first})")]
    Duplicate {
        /// The selector with its noun.
        selector: String,
        /// The line of the other row.
        first: u64,
    },
    /// The same selector with validities that overlap.
    #[error("{selector} is listed with a validity that overlaps the one on line {first}")]
    Overlap {
        /// The selector with its noun.
        selector: String,
        /// The line of the other row.
        first: u64,
    },
    /// Two rows name one project, one by id and one by number.
    #[error("{selector} is the {other} of line {first}, and both rows hold at one time")]
    SameProject {
        /// The selector with its noun.
        selector: String,
        /// The other row's selector with its noun.
        other: String,
        /// The line of the other row.
        first: u64,
    },
}

/// Something wrong with a mapping, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct MappingError {
    /// The file's name, as given.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub problem: MappingProblem,
}

/// Everything that is wrong with a mapping, by line; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingErrors(pub Vec<MappingError>);

impl fmt::Display for MappingErrors {
    /// One error a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for MappingErrors {}
