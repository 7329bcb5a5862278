//! Which events and transactions have arrived already. A client that got no answer sends again, and what arrives twice
//! happened once.

use std::collections::{HashSet, VecDeque};

use crate::grouping::hash;

/// Most ids that are remembered, events and transactions together: 3 MiB. What comes again after that many others counts
/// as new.
const MAX_IDS: usize = 65_536;

/// An id with its project and the type of its item: as a hash, so that all take the same room.
type Id = u128;

/// The ids that arrived last.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    ids: HashSet<Id>,
    oldest_first: VecDeque<Id>,
    duplicates: u64,
}

impl Seen {
    /// Whether no earlier envelope brought this type, project and id; counts it if one did. The ids of an envelope are
    /// collected and remembered together, because two items of one may share its id.
    pub(crate) fn is_new(&mut self, id: (&str, &str, &str), of_envelope: &mut Vec<Id>) -> bool {
        let id = hash(&id);
        let known = self.ids.contains(&id);
        self.duplicates += u64::from(known);
        of_envelope.push(id);
        !known
    }

    pub(crate) fn remember(&mut self, of_envelope: Vec<Id>) {
        for id in of_envelope.into_iter().filter(|id| self.ids.insert(*id)) {
            self.oldest_first.push_back(id);
        }
        while self.oldest_first.len() > MAX_IDS {
            if let Some(oldest) = self.oldest_first.pop_front() {
                self.ids.remove(&oldest);
            }
        }
    }

    /// Whatever comes again is new.
    pub(crate) fn forget(&mut self) {
        *self = Self { duplicates: self.duplicates, ..Self::default() };
    }

    pub(crate) fn duplicates(&self) -> u64 {
        self.duplicates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an envelope with this item alone is new.
    fn arrives(seen: &mut Seen, id: (&str, &str, &str)) -> bool {
        let mut ids = Vec::new();
        let new = seen.is_new(id, &mut ids);
        seen.remember(ids);
        new
    }

    #[test]
    fn the_oldest_id_is_forgotten_when_there_are_too_many() {
        let mut seen = Seen::default();
        for at in 0..=MAX_IDS {
            assert!(arrives(&mut seen, ("event", "1", &at.to_string())));
        }
        assert_eq!((seen.ids.len(), seen.oldest_first.len()), (MAX_IDS, MAX_IDS));
        assert!(!arrives(&mut seen, ("event", "1", "1")));
        assert!(arrives(&mut seen, ("event", "1", "0")), "it was the oldest");
        assert_eq!(seen.duplicates(), 1);
    }

    #[test]
    fn the_same_id_of_another_project_or_type_is_another() {
        let mut seen = Seen::default();
        let all = [("event", "1", "a"), ("event", "2", "a"), ("transaction", "1", "a")];
        assert_eq!(all.map(|id| arrives(&mut seen, id)), [true; 3]);
        assert_eq!(all.map(|id| arrives(&mut seen, id)), [false; 3]);
    }

    #[test]
    fn two_items_of_one_envelope_may_share_its_id() {
        let (mut seen, mut ids) = (Seen::default(), Vec::new());
        assert!(seen.is_new(("event", "1", "a"), &mut ids) && seen.is_new(("event", "1", "a"), &mut ids));
        seen.remember(ids);
        assert!(!arrives(&mut seen, ("event", "1", "a")));
    }
}
