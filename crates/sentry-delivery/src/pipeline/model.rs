//! Made = delivered + discarded + waiting, over any interleaving of what threads, encoders, servers and a shutdown do.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_oneof};

use super::*;
use crate::Plain;
use crate::encoder::Encoder;

const CATEGORIES: [(Category, &str); 4] = [
    (Category::Error, "event"),
    (Category::Transaction, "transaction"),
    (Category::Session, "session"),
    (Category::ProfileChunk, ""),
];

#[derive(Debug, Clone)]
enum Step {
    /// Hands over so many of the category of that index.
    Make(usize, usize),
    /// An encoder takes an envelope.
    TakeIn(bool),
    /// It encodes the latest one that it has.
    Encode,
    /// A connection asks for an envelope, now or so many seconds later.
    TakeOut(u64),
    /// The latest one that is under way is over.
    Settle(Outcome),
    /// The rate is unlimited, or limited for so many seconds for these categories.
    Limit(u64, &'static str),
    /// The upkeep looks at the queues.
    Look,
    Close,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Delivered,
    Unreachable,
    Refused,
    Interrupted,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Delivered),
        2 => Just(Outcome::Unreachable),
        1 => Just(Outcome::Refused),
        1 => Just(Outcome::Interrupted),
    ];
    let names = prop_oneof![Just("error"), Just("transaction;session"), Just("profile_chunk"), Just("")];
    // Now and then more than fit.
    let count = prop_oneof![9 => 1_usize..5, 1 => Just(1_100_usize)];
    prop_oneof![
        6 => (0..CATEGORIES.len(), count).prop_map(|(index, count)| Step::Make(index, count)),
        6 => prop::bool::ANY.prop_map(Step::TakeIn),
        6 => Just(Step::Encode),
        8 => prop_oneof![Just(0_u64), Just(5), Just(10_000)].prop_map(Step::TakeOut),
        8 => outcome.prop_map(Step::Settle),
        2 => (prop_oneof![Just(0_u64), Just(10), Just(3_600)], names).prop_map(|(seconds, names)| Step::Limit(seconds, names)),
        2 => Just(Step::Look),
        1 => Just(Step::Close),
    ]
}

struct Model {
    pipeline: Arc<Pipeline>,
    encoder: Encoder,
    encoding: Vec<Waiting<NewEnvelope>>,
    sending: Vec<Waiting<EncodedEnvelope>>,
    made: BTreeMap<Category, u64>,
    delivered: BTreeMap<Category, u64>,
    discarded: BTreeMap<Category, u64>,
}

impl Model {
    fn new() -> Self {
        let pipeline = Arc::<Pipeline>::default();
        let encoder = Encoder { pipeline: Arc::clone(&pipeline), encode: Arc::new(Plain), copies: None };
        let (encoding, sending) = (Vec::new(), Vec::new());
        let [made, delivered, discarded] = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
        Self { pipeline, encoder, encoding, sending, made, delivered, discarded }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Make(index, count) => {
                let (category, ty) = CATEGORIES[*index];
                for _ in 0..*count {
                    if category == Category::ProfileChunk {
                        let written = b"{}\n{\"type\":\"profile_chunk\"}\n{}\n".to_vec();
                        self.pipeline.take_in(NewEnvelope::written(written));
                        continue;
                    }
                    let bytes = format!("{{}}\n{{\"type\":\"{ty}\"}}\n{{}}\n").into_bytes();
                    self.pipeline.accept(Envelope::from_bytes_raw(bytes).unwrap());
                }
                *self.made.entry(category).or_default() += *count as u64;
            }
            Step::TakeIn(is_error) => {
                let intake = if *is_error { &self.pipeline.errors } else { &self.pipeline.others };
                self.encoding.extend(intake.next().now_or_never().flatten());
            }
            Step::Encode => {
                let new = self.encoding.pop();
                new.and_then(|new| self.encoder.encoded(new))
                    .into_iter()
                    .for_each(|it| self.pipeline.queue(it));
            }
            Step::TakeOut(later) => {
                if let Next::Send(encoded) =
                    self.pipeline.next_now(Instant::now() + Duration::from_secs(*later))
                {
                    self.sending.push(*encoded);
                }
            }
            Step::Settle(outcome) => {
                if let Some(encoded) = self.sending.pop() {
                    self.settle(encoded, *outcome);
                }
            }
            Step::Limit(seconds, names) => {
                self.pipeline.reached(&answer(Some(format!("{seconds}:{names}:key"))))
            }
            Step::Look => {
                self.pipeline.make_way();
                let waits = self.pipeline.outbox.categories().any(|it| it == Category::ProfileChunk);
                assert!(!(waits && self.pipeline.room.is_crowded()), "a chunk waits beside a crowd");
            }
            Step::Close => self.pipeline.close(Duration::from_secs(5)),
        }
    }

    fn settle(&mut self, encoded: Waiting<EncodedEnvelope>, outcome: Outcome) {
        match outcome {
            Outcome::Delivered => {
                self.pipeline.reached(&answer(None));
                *self.delivered.entry(encoded.share.category).or_default() += 1;
            }
            Outcome::Unreachable => {
                self.pipeline.failed();
                self.pipeline.queue(encoded);
            }
            Outcome::Refused => self.pipeline.discard(&encoded.envelope, Reason::SendError),
            Outcome::Interrupted => self.pipeline.queue(encoded),
        }
    }

    /// The sums, with what waits as the room counts it.
    fn check(&mut self) {
        for ((_, category), quantity) in self.pipeline.client_reports.take().unwrap_or_default() {
            *self.discarded.entry(category).or_default() += quantity;
        }
        for (category, _) in CATEGORIES {
            let of = |sums: &BTreeMap<Category, u64>| sums.get(&category).copied().unwrap_or(0);
            let waiting = self.pipeline.room.count(category);
            assert!(waiting <= category.bounds().count);
            let sum = of(&self.delivered) + of(&self.discarded) + waiting as u64;
            assert_eq!(of(&self.made), sum, "{category:?}, of which {waiting} wait");
        }
    }

    /// Finds everything that waits, wherever it is.
    fn end(mut self) {
        self.pipeline.close(Duration::ZERO);
        for new in self.pipeline.not_encoded().into_iter().chain(self.encoding.drain(..)) {
            self.pipeline.client_reports.record(&new.envelope.content, Reason::NetworkError);
        }
        let queued = Category::queued().flat_map(|category| self.pipeline.outbox.remove(category));
        for encoded in queued.chain(self.sending.drain(..)) {
            self.pipeline.discard(&encoded.envelope, Reason::NetworkError);
        }
        assert!(self.pipeline.room.is_empty(), "a share of the room is left without its envelope");
        self.check();
    }
}

fn answer(limits: Option<String>) -> Answer {
    Answer { limits, ..Answer::default() }
}

proptest::proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_made_is_delivered_discarded_or_waits_after_every_step(steps in prop::collection::vec(step(), 1..60)) {
        let mut model = Model::new();
        for step in &steps {
            model.step(step);
            model.check();
        }
        model.end();
    }
}

#[test]
fn a_limit_for_long_discards_what_waits_in_every_queue_and_what_an_encoder_holds() {
    let mut model = Model::new();
    let limit = Step::Limit(3_600, "error");
    for step in [Step::Make(0, 3), Step::TakeIn(true), Step::Encode, Step::TakeIn(true), limit, Step::Encode]
    {
        model.step(&step);
    }
    assert_eq!(model.pipeline.room.count(Category::Error), 0);
    model.check();
    assert_eq!(model.discarded.get(&Category::Error), Some(&3));
}

#[test]
fn nothing_comes_in_after_the_end_has_begun_and_each_attempt_is_counted() {
    let mut model = Model::new();
    [Step::Close, Step::Make(0, 2), Step::Make(1, 1)].iter().for_each(|step| model.step(step));
    assert!(model.pipeline.room.is_empty());
    model.check();
    assert!(matches!(model.pipeline.next_now(Instant::now()), Next::End));
}

#[test]
fn the_most_important_envelope_goes_first_and_a_limited_one_stays() {
    let mut model = Model::new();
    for index in [3, 1, 2, 0] {
        model.step(&Step::Make(index, 1));
        model.step(&Step::TakeIn(index == 0));
        model.step(&Step::Encode);
    }
    model.step(&Step::Limit(10, "session"));
    (0..4).for_each(|_| model.step(&Step::TakeOut(0)));
    let order: Vec<_> = model.sending.iter().map(|sent| sent.share.category).collect();
    assert_eq!(order, [Category::Error, Category::Transaction, Category::ProfileChunk]);
    assert!(matches!(model.pipeline.next_now(Instant::now()), Next::Wait(Some(_))));
    model.end();
}

#[test]
fn a_shutdown_in_an_outage_lets_an_attempt_through_in_each_of_its_seconds() {
    let mut model = Model::new();
    for _ in 0..3 {
        [Step::Make(0, 1), Step::TakeIn(true), Step::Encode].iter().for_each(|step| model.step(step));
    }
    let begun = Instant::now();
    // Failures until then have made the waits long.
    for _ in 0..12 {
        model.pipeline.failed();
        model.pipeline.breaker.enter(begun + Duration::from_secs(60));
    }
    model.pipeline.failed();
    model.pipeline.close(Duration::from_secs(5));
    let attempt = |milliseconds: &u64| {
        let now = begun + Duration::from_millis(*milliseconds);
        let Next::Send(encoded) = model.pipeline.next_now(now) else { return false };
        // No answer comes. The next attempt must not wait for one.
        model.pipeline.queue(*encoded);
        true
    };
    let attempts: Vec<_> = (0..5_000).step_by(50).filter(attempt).collect();
    assert!(attempts[0] <= 300, "{attempts:?}");
    assert!(attempts.windows(2).all(|two| (1_000..=1_050).contains(&(two[1] - two[0]))), "{attempts:?}");
    assert!(attempts.last().is_some_and(|last| (3_400..4_500).contains(last)), "{attempts:?}");
}
