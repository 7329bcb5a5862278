//! The thread beside the sender's that makes errors ready for the wire.

use super::super::lanes::{Fate, Lanes};
use super::super::letter::Parcel;
use super::Sender;

impl Sender {
    /// Makes errors ready as fast as requests make them. This thread does not yield to requests: an error that is not
    /// ready takes ten times the memory, and a burst queues thousands.
    pub(super) fn finish_errors(&self) {
        let _gone = Gone(&self.lanes);
        while let Some(parcel) = self.lanes.next_unready_error() {
            self.settle(self.made_ready(parcel));
        }
    }

    /// Something for the wire, packed for the wait.
    pub(super) fn made_ready(&self, parcel: Parcel) -> Fate {
        self.letter(parcel).map_or(Fate::Settled, |letter| Fate::Back(letter.packed()))
    }
}

/// Tells that the finisher is gone, however it went.
struct Gone<'a>(&'a Lanes);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.finisher_is_gone();
    }
}
