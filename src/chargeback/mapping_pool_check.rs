//! Checks the rows about pools: units that exist, shares that add up, an order without circles.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::mapping_cells::{Problems, sum_problem};
use super::mapping_error::MappingProblem;
use super::mapping_pools::{Pool, PoolRow, Pools, Receiver, at};
use super::mapping_row::{MappingRow, moments};
use super::mapping_share::Share;

/// Checks the rows about pools against each other and against the units of the mapping.
pub(super) fn check(rows: &[PoolRow], mapping: &[MappingRow], timezone: Tz, problems: &mut Problems) {
    let units: BTreeSet<&str> = mapping.iter().map(|row| row.business_unit.as_str()).collect();
    for row in rows {
        let unknown = |unit: &str| MappingProblem::UnknownUnit(unit.to_owned());
        if !units.contains(row.pool.as_str()) {
            problems.push((row.line, unknown(&row.pool)));
        }
        match &row.receiver {
            Receiver::Unit(unit) if !units.contains(unit.as_str()) => problems.push((row.line, unknown(unit))),
            Receiver::Unit(_) | Receiver::EveryUnit => {}
        }
    }
    let bounds: BTreeSet<i64> = rows.iter().flat_map(|row| row.validity.bounds()).collect();
    let bounds: Vec<i64> = bounds.into_iter().collect();
    for time in moments(&bounds) {
        let before = problems.len();
        let holding: Vec<&PoolRow> = rows.iter().filter(|row| row.validity.holds_at(Some(time))).collect();
        let dated = Some(time).filter(|_| !bounds.is_empty());
        rows_of_one_pool(&holding, dated, timezone, problems);
        let order = at(rows, &units, time);
        problems.extend(order_problem(&order));
        if problems.len() > before {
            // Later times would mostly repeat it.
            return;
        }
    }
}

/// Several methods, a receiver twice, and shares that do not add up to 1.
fn rows_of_one_pool(holding: &[&PoolRow], time: Option<i64>, timezone: Tz, problems: &mut Problems) {
    let mut pools: BTreeMap<&str, Vec<&PoolRow>> = BTreeMap::new();
    for row in holding {
        pools.entry(&row.pool).or_default().push(row);
    }
    for (pool, rows) in pools {
        let selector = format!("pool `{pool}`");
        let before = problems.len();
        for (at, row) in rows.iter().enumerate() {
            let pool = pool.to_owned();
            if row.method != rows[0].method {
                problems.push((row.line, MappingProblem::SeveralMethods { pool, first: rows[0].line }));
            } else if let Some(other) = rows[..at].iter().find(|other| other.receiver == row.receiver) {
                let unit = match &row.receiver {
                    Receiver::Unit(unit) => unit.clone(),
                    Receiver::EveryUnit => "*".to_owned(),
                };
                let selector = selector.clone();
                problems.push((row.line, MappingProblem::SharedTwice { selector, unit, first: other.line }));
            } else if rows.len() > 1 && row.receiver == Receiver::EveryUnit {
                problems.push((row.line, MappingProblem::EveryUnitBesideOthers));
            }
        }
        let shares: Vec<(u64, Share)> = rows.iter().filter_map(|row| Some((row.line, row.share?))).collect();
        if problems.len() == before {
            problems.extend(sum_problem(&selector, &shares, time, time.is_some(), timezone));
        }
    }
}

/// A pool that hands on to itself, to one before it, or around in a circle.
fn order_problem(pools: &Pools) -> Option<(u64, MappingProblem)> {
    let mut back = pools.steps.iter().enumerate().filter_map(|(at, pool)| {
        let earlier = pools.steps[..=at].iter().find(|step| receives(pool, &step.unit))?;
        Some((pool, earlier))
    });
    let (pool, earlier) = back.next()?;
    let problem = match way(pools, &earlier.unit, &pool.unit) {
        Some(way) => MappingProblem::PoolCycle(way),
        None => MappingProblem::PoolTooLate {
            pool: pool.unit.clone(),
            receiver: earlier.unit.clone(),
            line: *earlier.lines.first()?,
        },
    };
    Some((*pool.lines.first()?, problem))
}

fn receives(pool: &Pool, unit: &str) -> bool {
    pool.receivers.iter().any(|(receiver, _)| receiver == unit)
}

/// The circle that closes at the last pool, which hands on to the first: ``A → B → A``; `None` when there is no way back.
fn way(pools: &Pools, first: &str, last: &str) -> Option<String> {
    let mut ways = vec![vec![first.to_owned()]];
    let mut met = BTreeSet::new();
    while let Some(way) = ways.pop() {
        let end = way.last()?.clone();
        if end == last {
            let mut circle = way;
            circle.push(first.to_owned());
            return Some(circle.join("` → `"));
        }
        let Some(step) = pools.steps.iter().find(|step| step.unit == end).filter(|_| met.insert(end.clone())) else {
            continue;
        };
        for (receiver, _) in &step.receivers {
            ways.push(way.iter().cloned().chain([receiver.clone()]).collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Mapping;
    use super::*;

    const UNITS: &str = "project,business_unit,valid_from,valid_to,share,method\nads-prod,Ads\nshop-prod,Shop\nlab-prod,Lab\nnet-prod,Net\nit-prod,IT\n";

    /// A mapping whose rows about pools stand on line 7 and after.
    fn mapping(pools: &str) -> Result<Mapping, String> {
        Mapping::parse("m.csv", format!("{UNITS}{pools}").as_bytes(), Tz::UTC).map_err(|errors| errors.to_string())
    }

    fn errors(rows: &str) -> String {
        mapping(rows).map(|_| String::new()).unwrap_or_else(|errors| errors)
    }

    #[test]
    fn circles_and_wrong_orders_are_told_apart() {
        let circle = "pool:Net,IT,,,1\npool:IT,Net,,,1\n";
        let found = errors(circle);
        assert_eq!(
            found,
            "m.csv:8: the pools hand their cost around in a circle: `Net` → `IT` → `Net`; leave one receiver out"
        );
        assert!(errors("pool:Net,Net,,,1\n").contains("a circle: `Net` → `Net`"));
        let late = errors("pool:IT,Ads,,,1\npool:Net,IT,,,1\n");
        assert_eq!(
            late,
            "m.csv:8: pool `Net` hands on to `IT`, which was handed on before (line 7); put the rows of `Net` first"
        );
    }

    #[test]
    fn what_does_not_add_up_or_is_not_known_is_an_error() {
        for (rows, error) in [
            ("pool:Nett,Ads,,,1\n", "m.csv:7: no row puts a project or a call into the unit `Nett`; is it misspelt?"),
            ("pool:Net,Adds,,,1\n", "m.csv:7: no row puts a project or a call into the unit `Adds`; is it misspelt?"),
            (
                "pool:Net,Ads,,,1/2\npool:Net,Shop,,,1/3\n",
                "m.csv:8: the shares of pool `Net` add up to 5/6 and not to 1 (lines 7, 8); correct them",
            ),
            (
                "pool:Net,Ads,,,1/2\npool:Net,Ads,,,1/2\n",
                "m.csv:8: pool `Net` is shared to `Ads` twice (first on line 7)",
            ),
            (
                "pool:Net,Ads\n",
                "m.csv:7: the method `fixed` needs a share in each row of the pool, or give another method",
            ),
            ("pool:Net,Ads,,,1,even\n", "m.csv:7: a share stands only with the method `fixed`"),
            (
                "pool:Net,*,,,1\n",
                "m.csv:7: `*` receives with `even` or `proportional:MEASURE`; with `fixed` each unit needs a row",
            ),
            (
                "pool:Net,*,,,,even\npool:Net,Ads,,,,even\n",
                "m.csv:7: `*` is every unit; the pool can have no other receiver",
            ),
            (
                "pool:Net,Ads,,,,even\npool:Net,Shop,,,1\n",
                "m.csv:8: pool `Net` has another method on line 7; give all its rows the same",
            ),
            (
                "pool:(unmapped),Ads,,,1\n",
                "m.csv:7: `(unmapped)` is reserved and cannot be a business unit or cost center",
            ),
            (
                "pool:Net,Ads,,1970-02,1/2\npool:Net,Shop,,,1/2\n",
                "m.csv:8: the shares of pool `Net` add up to 1/2 and not to 1 at 1970-02-01 (line 8); correct them",
            ),
        ] {
            assert_eq!(errors(rows), error, "{rows}");
        }
        for method in
            ["sometimes", "proportional", "proportional:", "proportional:euros", "proportional:calls else odd"]
        {
            assert!(
                errors(&format!("pool:Net,Ads,,,,{method}\n")).contains("is no method; write fixed, even"),
                "{method}"
            );
        }
    }
}
