//! The charges that costs add up: rows of a bill that are one cost for a statement and differ in what the bill says of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::costs::CostKey;
use crate::model::charge::{Charge, Figures};

/// Charges by the cost that adds them up. Equal ones are held once.
#[derive(Debug, Default)]
pub struct CostCharges {
    known: HashSet<Arc<Charge>>,
    of: HashMap<CostKey, Vec<(Arc<Charge>, Figures)>>,
}

impl CostCharges {
    /// Adds the amounts of a charge; `None` when a sum does not fit.
    pub fn add(&mut self, key: &CostKey, charge: Charge, figures: Figures) -> Option<()> {
        let charge = match self.known.get(&charge) {
            Some(known) => Arc::clone(known),
            None => {
                let charge = Arc::new(charge);
                self.known.insert(Arc::clone(&charge));
                charge
            }
        };
        let Some(charges) = self.of.get_mut(key) else {
            self.of.insert(key.clone(), vec![(charge, figures)]);
            return Some(());
        };
        match charges.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &charge)) {
            Some((_, sum)) => *sum = sum.checked_add(&figures)?,
            None => charges.push((charge, figures)),
        }
        Some(())
    }

    /// The charges of a cost, sorted.
    pub fn of(&self, key: &CostKey) -> Vec<(&Arc<Charge>, &Figures)> {
        let mut charges: Vec<(&Arc<Charge>, &Figures)> =
            self.of.get(key).into_iter().flatten().map(|(charge, figures)| (charge, figures)).collect();
        charges.sort_unstable_by_key(|(charge, _)| *charge);
        charges
    }
}
