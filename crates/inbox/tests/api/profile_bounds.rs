//! What is kept of profiles, and what is answered, has bounds.

use inbox::{Limits, Options};
use serde_json::{Value, json};

use crate::helpers::{App, spawn_app, spawn_app_with};
use crate::profile_chunks::{Chunk, FROM, PROFILER, SERVE, chunk_item, send_chunk};

/// A chunk of a second, busy all along.
fn second(number: u32) -> Chunk {
    Chunk::at(FROM + f64::from(number)).number(number).sample(0, "1", &[SERVE]).sample(999, "1", &[])
}

async fn evicted(app: &App) -> Value {
    app.get("/api/stats").await.body["evicted"]["profile_chunks"].clone()
}

#[actix_web::test]
async fn of_a_profiler_the_latest_180_chunks_are_kept() {
    let app = spawn_app().await;
    for number in 0..182 {
        send_chunk(&app, second(number)).await;
    }
    let kept = app.list("/api/profilers", "profilers").await;
    assert_eq!((&kept[0]["chunks"], &kept[0]["from"]), (&json!(180), &json!(FROM + 2.0)));
    assert_eq!(evicted(&app).await, 2);
}

#[actix_web::test]
async fn the_16_profilers_that_were_heard_of_last_are_kept() {
    let app = spawn_app().await;
    for profiler in (0..16).chain([0, 16]) {
        send_chunk(&app, second(0).profiler(profiler)).await;
    }
    let kept = app.list("/api/profilers", "profilers").await;
    let mut ids: Vec<_> = kept.iter().map(|it| it["profiler_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids[0], format!("{:032x}", 16), "the one that was heard of last is the first");
    ids.sort();
    let expected: Vec<_> = [0].into_iter().chain(2..17).map(|it| format!("{it:032x}")).collect();
    assert_eq!(ids, expected);
    assert_eq!(evicted(&app).await, 1);
}

/// One with frames that take about a MiB of memory.
fn heavy(number: u32) -> Chunk {
    let names: Vec<_> = (0..1_000).map(|name| format!("{name:01000}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    Chunk::at(FROM + f64::from(number)).number(number).sample(0, "1", &names).sample(999, "1", &[])
}

#[actix_web::test]
async fn the_chunks_of_a_profiler_take_32_mib_of_memory_at_most() {
    let app = spawn_app().await;
    for number in 0..36 {
        send_chunk(&app, heavy(number)).await;
    }
    let kept = app.list("/api/profilers", "profilers").await[0]["chunks"].as_u64().unwrap();
    assert!((25..=32).contains(&kept), "{kept}");
    let bytes = app.get("/api/stats").await.body["held"]["bytes"].as_u64().unwrap();
    assert!(bytes <= 32 << 20, "{bytes}");
}

#[actix_web::test]
async fn profiles_make_room_where_everything_together_takes_too_much() {
    let limits = Limits { bytes: 4 << 20, ..Limits::default() };
    let app = spawn_app_with(Options { limits, ..Options::default() }).await;
    for number in 0..8 {
        // Two of one profiler, and one of each of the others.
        send_chunk(&app, heavy(number).profiler(number.max(1))).await;
    }
    let held = app.get("/api/stats").await.body["held"].clone();
    assert!(held["bytes"].as_u64().unwrap() <= 4 << 20, "{held}");
    assert!((2..=4).contains(&held["profile_chunks"].as_u64().unwrap()), "{held}");
}

#[actix_web::test]
async fn a_chunk_may_be_longer_than_an_event_but_not_than_an_envelope() {
    let app = spawn_app().await;
    let long = second(0).with("padding", json!("x".repeat(2 << 20)));
    send_chunk(&app, long).await;
    let longer = second(1).with("padding", json!("x".repeat(20 << 20))).into_payload();
    assert_eq!(app.send(chunk_item(json!({}), &longer)).await.status, 413);
}

#[actix_web::test]
async fn a_flame_graph_has_5000_nodes_at_most_and_no_orphan() {
    let app = spawn_app().await;
    let leaves: Vec<_> = (0..6_000).map(|leaf| format!("leaf {leaf}")).collect();
    let frames: Vec<_> =
        leaves.iter().map(|leaf| json!({ "function": leaf })).chain([json!({ "function": SERVE })]).collect();
    let samples: Vec<_> = (0..6_000)
        .map(|leaf| json!({ "timestamp": FROM + f64::from(leaf) / 1e3, "stack_id": leaf, "thread_id": "1" }))
        .collect();
    let stacks: Vec<_> = (0..6_000).map(|leaf| json!([leaf, 6_000])).collect();
    let profile = json!({ "frames": frames, "samples": samples, "stacks": stacks });
    send_chunk(&app, Chunk::at(FROM).with("profile", profile)).await;
    let graph = app.get(&format!("/api/profile?profiler={PROFILER}")).await.body;
    let nodes = graph["nodes"].as_array().unwrap();
    assert_eq!((nodes.len(), &graph["omitted"]), (5_000, &json!(1_001)));
    assert_eq!(graph["functions"].as_array().unwrap().len(), 5_000);
    for (place, node) in nodes.iter().enumerate().skip(1) {
        assert!(node["parent"].as_u64().is_some_and(|parent| parent < place as u64), "{node}");
    }
    assert_eq!(nodes[0]["total_ms"], 5_999.0);
}

#[actix_web::test]
async fn of_a_deep_stack_the_512_frames_nearest_to_the_leaf_are_kept() {
    let app = spawn_app().await;
    let names: Vec<_> = (0..600).map(|depth| format!("depth {depth}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    send_chunk(&app, Chunk::at(FROM).sample(0, "1", &names).sample(10, "1", &[])).await;
    let graph = app.get(&format!("/api/profile?profiler={PROFILER}")).await.body;
    assert_eq!(graph["nodes"].as_array().unwrap().len(), 512);
    assert_eq!(graph["functions"][511]["function"], "depth 0");
}

#[actix_web::test]
async fn of_many_threads_the_200_that_ran_longest_are_listed() {
    let app = spawn_app().await;
    let chunk = (0..250).fold(Chunk::at(FROM), |chunk, thread: u32| {
        let name = thread.to_string();
        chunk.sample(0, &name, &[SERVE]).sample(thread + 1, &name, &[])
    });
    send_chunk(&app, chunk).await;
    let threads = app.list("/api/profilers", "profilers").await[0]["threads"].as_array().unwrap().clone();
    assert_eq!((threads.len(), &threads[0]["id"], &threads[199]["id"]), (200, &json!("249"), &json!("50")));
}

#[actix_web::test]
async fn an_export_of_more_than_two_million_frames_is_refused() {
    let app = spawn_app().await;
    let frames: Vec<_> = (0..500).map(|name| json!({ "function": name.to_string() })).collect();
    // Two stacks in turn, so that none is the same as the one before.
    let stacks = [(0..500).collect::<Vec<_>>(), (0..500).rev().collect()];
    for number in 0..3 {
        let from = FROM + f64::from(number) * 2.0;
        let samples: Vec<_> = (0..1_500)
            .map(
                |at| json!({ "timestamp": from + f64::from(at) / 1e3, "stack_id": at % 2, "thread_id": "1" }),
            )
            .collect();
        let profile = json!({ "frames": frames, "samples": samples, "stacks": stacks });
        send_chunk(&app, Chunk::at(from).number(number).with("profile", profile)).await;
    }
    let whole = app.get(&format!("/api/profile/speedscope?profiler={PROFILER}")).await;
    assert_eq!(whole.status, 413, "{whole:?}");
    assert!(whole.body["error"].as_str().unwrap().contains("2000000 frames"), "{whole:?}");
    let part = app.get(&format!("/api/profile/speedscope?profiler={PROFILER}&to={}", FROM + 3.0)).await;
    assert_eq!(part.status, 200);
}

#[actix_web::test]
async fn a_pprof_file_of_more_than_two_million_frames_is_refused() {
    let app = spawn_app().await;
    let frames: Vec<_> = (0..500).map(|name| json!({ "function": name.to_string() })).collect();
    let stacks: Vec<_> =
        (0..450).map(|first| (0..500).map(|frame| (first + frame) % 500).collect::<Vec<_>>()).collect();
    let samples = (0..4_500).map(|sample| {
        let timestamp = FROM + f64::from(sample) / 1e3;
        json!({ "timestamp": timestamp, "stack_id": sample % 450, "thread_id": (sample / 450).to_string() })
    });
    let profile = json!({ "frames": frames, "samples": samples.collect::<Vec<_>>(), "stacks": stacks });
    send_chunk(&app, Chunk::at(FROM).with("profile", profile)).await;
    let path = format!("/api/profile/pprof?profiler={PROFILER}");
    assert_eq!(app.get(&path).await.status, 413);
    let part = app.request(reqwest::Method::GET, &format!("{path}&thread=1")).send().await.unwrap();
    assert_eq!(part.status(), 200);
    assert!(part.bytes().await.unwrap().starts_with(&[0x1f, 0x8b]));
}
