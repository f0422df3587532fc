//! What a scan reads, said before anybody pays for it.

use std::fmt::Write as _;

use super::layout::ColumnGroup;
use super::select::indented;
use super::{Layout, Question, Window, layout};

/// What the statement would read, column by column, and how to bound it.
pub fn cost(question: &Question<'_>) -> String {
    let groups = layout::column_groups(question.layout);
    let mut out = String::from(
        "BigQuery charges for the columns that a statement names, in the partitions that it cannot leave unread.\n\
         The rest of the rows (responses, request metadata, labels) is never read.\n\n",
    );
    let width = groups.iter().map(|group| group.name.len()).max().unwrap_or_default();
    let kept: Vec<&ColumnGroup> =
        groups.iter().filter(|group| !question.absent.iter().any(|absent| group.absent == Some(*absent))).collect();
    let total: u32 = kept.iter().map(|group| group.bytes).sum();
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "{:width$}  {:>11}  why", "columns", "bytes/entry");
    for group in &kept {
        let _ = writeln!(out, "{:width$}  {:>11}  {}", group.name, group.bytes, group.why);
    }
    let _ = writeln!(out, "{:width$}  {total:>11}  about {} GB for a million entries\n", "in all", gigabytes(total));
    out.push_str(
        "The bytes are those of the project's own made-up entries; yours differ, most of all in the payload. This costs nothing\n\
         and says what your tables hold:\n\n",
    );
    let options = question.tables.iter().map(|table| format!("--table {table} ")).collect::<String>();
    let period = match &question.period {
        Some(period) => {
            let ends = [("--from", &period.from), ("--to", &period.to)];
            ends.iter().filter_map(|(option, end)| Some(format!("{option} {} ", end.as_deref()?))).collect()
        }
        None => String::new(),
    };
    let _ = writeln!(
        out,
        "  billtrail sql {options}--layout {} {period}| bq query --dry_run --use_legacy_sql=false\n",
        question.layout
    );
    let bound = match (&question.window, question.layout, question.partition) {
        (None, _, _) => "All partitions are read. Give --from and --to.".to_owned(),
        (Some(_), Layout::RawJson, None) => {
            "The whole table is read: billtrail knows no partition of it. Load it into a table that is partitioned by time, and name the \
             column with --partition."
                .to_owned()
        }
        (Some(Window { from, to }), _, _) => format!(
            "Partitions from {from} to {to} are read: the period and a margin on both sides, for late entries and the other end of \
             long operations. --margin 0 reads the least."
        ),
    };
    let more = [
        bound.as_str(),
        "Both the calls and the pairs of project id and number are read from the logs; the second reads two columns.",
        "`bq query --maximum_bytes_billed=N` refuses a statement that would read more.",
        "To ask often, keep the answer: CREATE TABLE … PARTITION BY DATE(timestamp) AS and the statement, a day at a time.",
    ];
    for line in more {
        let _ = writeln!(out, "- {}", indented(line, "  ").trim_start());
    }
    out
}

/// Bytes an entry as gigabytes for a million of them, with one digit.
fn gigabytes(bytes: u32) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}
