//! The thread beside the sender's that makes errors ready for the wire.

use super::super::envelope::QueuedEnvelope;
use super::super::queues::{Disposition, Queues};
use super::Sender;

impl Sender {
    /// Makes errors ready as fast as requests make them. This thread does not yield to requests: an error that is not
    /// ready takes ten times the memory, and a burst queues thousands.
    pub(super) fn encode_errors(&self) {
        let _gone = Gone(&self.queues);
        while let Some(queued) = self.queues.next_unready_error() {
            self.settle(self.made_ready(queued));
        }
    }

    /// Something for the wire, packed for the wait.
    pub(super) fn made_ready(&self, queued: QueuedEnvelope) -> Disposition {
        self.encoded(queued).map_or(Disposition::Settled, |encoded| Disposition::Back(encoded.packed()))
    }
}

/// Reports that the encoder is gone, however it went.
struct Gone<'a>(&'a Queues);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.encoder_stopped();
    }
}
