//! The task that sends what was published, and waits for the broker's confirmations.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation, ErrorKind, PublisherConfirm};
use tokio::sync::mpsc;

use crate::message::Message;
use crate::refused::{self, Refused};

/// Messages that wait for their confirmation at once.
const UNCONFIRMED: usize = 256;

/// How often the broker may end a channel over one message, when nothing else is on its way.
const BLAMED: u32 = 3;

/// Losses of the connection in a row without a confirmation, after which one of the messages may be the reason.
const LOSSES: u32 = 3;

/// An operator has closed the connection, or the broker is shut down.
const CONNECTION_FORCED: u16 = 320;

/// What a connection leaves unconfirmed is sent again by the next: a message may come twice, and consumers know it by
/// its id.
pub(crate) struct Outbox {
    exchange: &'static str,
    messages: mpsc::Receiver<Message>,
    unconfirmed: VecDeque<Message>,
    waiting: Arc<AtomicUsize>,
    /// The broker ended the channel: one of the unconfirmed messages may be the reason.
    suspicious: bool,
    /// In a row.
    losses: u32,
}

impl Outbox {
    pub(crate) fn new(
        exchange: &'static str,
        messages: mpsc::Receiver<Message>,
        waiting: Arc<AtomicUsize>,
    ) -> Self {
        Self { exchange, messages, unconfirmed: VecDeque::new(), waiting, suspicious: false, losses: 0 }
    }

    pub(crate) async fn publish_to(&mut self, channel: &Channel) -> lapin::Result<()> {
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        // Until something is confirmed, should this be cut off without an error.
        self.losses += 1;
        if self.suspicious || self.losses > LOSSES {
            self.send_one_by_one(channel).await?;
            self.suspicious = false;
        }
        let ended = self.send_all(channel).await;
        // A channel that the broker has ended may be found so by the next message.
        self.suspicious = ended.as_ref().is_err_and(|error| {
            is_refusal(error.kind()) || matches!(error.kind(), ErrorKind::InvalidChannelState(..))
        });
        ended
    }

    async fn send_all(&mut self, channel: &Channel) -> lapin::Result<()> {
        let mut confirmations = FuturesOrdered::new();
        for message in &self.unconfirmed {
            confirmations.push_back(send(channel, self.exchange, message).await?);
        }
        loop {
            tokio::select! {
                Some(message) = self.messages.recv(), if confirmations.len() < UNCONFIRMED => {
                    self.unconfirmed.push_back(message);
                    let Some(message) = self.unconfirmed.back() else { continue };
                    confirmations.push_back(send(channel, self.exchange, message).await?);
                }
                Some(confirmed) = confirmations.next() => self.confirmed(confirmed?),
                // Nobody can publish any more, and nothing is left.
                else => return std::future::pending().await,
            }
        }
    }

    /// What the last connection left. The message at which the broker ends the channel again and again is dropped, and
    /// the next goes on.
    async fn send_one_by_one(&mut self, channel: &Channel) -> lapin::Result<()> {
        while let Some(message) = self.unconfirmed.front_mut() {
            let confirmed = match send(channel, self.exchange, message).await {
                Ok(confirmation) => confirmation.await,
                Err(error) => Err(error),
            };
            match confirmed {
                Ok(confirmation) => self.confirmed(confirmation),
                Err(error) => {
                    if is_refusal(error.kind()) {
                        message.blamed += 1;
                        if message.blamed >= BLAMED {
                            self.drop_first(&error.to_string());
                        }
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Confirmations come in the order of the messages.
    fn confirmed(&mut self, confirmation: Confirmation) {
        self.losses = 0;
        if confirmation.is_nack() {
            // The queue could not take it; it would not a second time.
            self.drop_first("the queue refused it");
        } else if self.unconfirmed.pop_front().is_some() {
            self.waiting.fetch_sub(1, Relaxed);
        }
    }

    fn drop_first(&mut self, why: &str) {
        let Some(message) = self.unconfirmed.pop_front() else { return };
        self.waiting.fetch_sub(1, Relaxed);
        refused::report(Refused::of(&message, why));
    }
}

/// Did the broker itself end the channel or the connection, for a reason?
fn is_refusal(error: &ErrorKind) -> bool {
    match error {
        ErrorKind::ProtocolError(error) => error.get_id() != CONNECTION_FORCED,
        _ => false,
    }
}

async fn send(channel: &Channel, exchange: &str, message: &Message) -> lapin::Result<PublisherConfirm> {
    let options = BasicPublishOptions::default();
    let (key, properties) = (message.routing_key.into(), message.properties());
    channel.basic_publish(exchange.into(), key, options, &message.body, properties).await
}
