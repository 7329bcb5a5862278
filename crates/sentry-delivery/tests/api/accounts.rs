//! Whatever is made is delivered, discarded and counted, or counted by the receiver: over any order of sends, failures,
//! limits and restarts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::{Just, Strategy, prop, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use sentry::Hub;
use sentry_delivery::Delivery;

use crate::books::{Books, Receiver, Reply};
use crate::helpers::{PATIENCE, close, close_within, errors, hub, transaction};
use crate::spool::Folder;

#[derive(Debug, Clone)]
enum Step {
    Errors(usize),
    Transactions(usize),
    /// From now on the receiver replies so, one after the other, over and over.
    Replies(Vec<Reply>),
    /// Time for what is under way.
    Pause(u64),
    /// The client ends, and the next one begins.
    Restart,
}

fn reply() -> impl Strategy<Value = Reply> {
    let seconds = prop_oneof![Just(1_u64), Just(3_600)];
    let categories = prop_oneof![Just("error"), Just("transaction"), Just("error;transaction"), Just("")];
    prop_oneof![
        4 => Just(Reply::Taken),
        2 => prop_oneof![Just(500_u16), Just(503), Just(302), Just(408)].prop_map(Reply::Status),
        1 => prop_oneof![Just(400_u16), Just(413)].prop_map(Reply::Status),
        2 => Just(Reply::Cut),
        1 => (seconds.clone(), categories.clone()).prop_map(|(seconds, categories)| Reply::TakenLimited(seconds, categories)),
        1 => (seconds.clone(), prop_oneof![Just("error;transaction"), Just("")]).prop_map(|(seconds, categories)| Reply::Limited(seconds, categories)),
        1 => seconds.prop_map(Reply::RetryAfter),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_usize..6).prop_map(Step::Errors),
        3 => (1_usize..6).prop_map(Step::Transactions),
        3 => prop::collection::vec(reply(), 1..4).prop_map(Step::Replies),
        2 => (0_u64..300).prop_map(Step::Pause),
        1 => Just(Step::Restart),
    ]
}

/// A client, and what was made by it and those before.
struct Clients {
    receiver: Receiver,
    spool: Option<Folder>,
    hub: Arc<Hub>,
    made: HashMap<&'static str, u64>,
}

impl Clients {
    async fn start(has_spool: bool) -> Self {
        let (receiver, spool) = (Receiver::start().await, has_spool.then(Folder::new));
        let hub = client(&receiver, spool.as_ref());
        Self { receiver, spool, hub, made: HashMap::new() }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Errors(count) => {
                errors(&self.hub, *count);
                *self.made.entry("error").or_default() += *count as u64;
            }
            Step::Transactions(count) => {
                (0..*count).for_each(|_| transaction(&self.hub));
                *self.made.entry("transaction").or_default() += *count as u64;
            }
            Step::Replies(replies) => self.receiver.reply(replies.clone()),
            Step::Pause(millis) => tokio::time::sleep(Duration::from_millis(*millis)).await,
            Step::Restart => {
                if self.spool.is_some() {
                    close_within(&self.hub, Duration::from_secs(2)).await;
                } else {
                    // Without a disk, only a receiver that is well learns at the end what was discarded.
                    self.receiver.reply(vec![Reply::Taken]);
                    close(&self.hub).await;
                }
                self.hub = client(&self.receiver, self.spool.as_ref());
            }
        }
    }

    /// Lets the receiver be well until nothing waits any more, and returns its books.
    async fn end(mut self) -> (Books, HashMap<&'static str, u64>) {
        self.receiver.reply(vec![Reply::Taken]);
        if self.spool.is_some() {
            // The limits of this one may be longer than anybody waits.
            close_within(&self.hub, Duration::from_secs(2)).await;
            self.hub = client(&self.receiver, self.spool.as_ref());
        }
        let empty = async {
            while self.spool.as_ref().is_some_and(|spool| spool.waiting() > 0) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, empty).await;
        assert!(waited.is_ok(), "files stay in the spool");
        assert!(close(&self.hub).await, "something is left though the receiver is well");
        (self.receiver.books(), self.made)
    }
}

fn client(receiver: &Receiver, spool: Option<&Folder>) -> Arc<Hub> {
    hub(&receiver.dsn, spool.map_or_else(Delivery::default, Folder::delivery))
}

#[test]
fn what_is_made_is_delivered_or_counted_whatever_happens_in_between() {
    // Each case has real waits in it.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { 12 };
    let settings = Config { cases, max_shrink_iters: 24, failure_persistence: None, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let steps = (proptest::bool::ANY, prop::collection::vec(step(), 1..14));
    let run = TestRunner::new(settings).run(&steps, |(has_spool, steps)| {
        let (books, made) = runtime.block_on(async {
            let mut clients = Clients::start(has_spool).await;
            for step in &steps {
                clients.step(step).await;
            }
            clients.end().await
        });
        for (category, made) in made {
            let it = books.of(category);
            let sum = it.delivered + it.discarded + it.refused;
            // On a busy machine an answer may come too late: what it was for is sent, or counted, twice.
            proptest::prop_assert!(
                made <= sum + it.unsure && sum <= made + it.twice,
                "{made} {category}s were made: {it:?}"
            );
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}
