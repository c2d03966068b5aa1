use super::content::BLOCK;
use super::pool::{InferRefusal, LoadRefusal, Pool, Settings, UnloadRefusal};
use crate::generated::model_pool::{ModelKind, ModelSource, SourceProblem};
use crate::{HealthStatus, PressureLevel};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

const MB: u64 = 1 << 20;

fn pool(budget_mb: u64) -> Pool {
    Pool::new(Settings {
        budget: budget_mb * MB,
        folder: None,
        required: Vec::new(),
        verify_blocks: 4,
    })
}

fn seeded(seed: u32, size_mb: u32) -> ModelSource {
    ModelSource::Seeded { seed, size_mb }
}

fn load(pool: &Pool, id: &str, size_mb: u32) -> Result<Vec<String>, LoadRefusal> {
    load_as(pool, id, size_mb, ModelKind::Adapter, false)
}

fn load_as(
    pool: &Pool,
    id: &str,
    size_mb: u32,
    kind: ModelKind,
    make_room: bool,
) -> Result<Vec<String>, LoadRefusal> {
    pool.load(id, &seeded(1, size_mb), kind, make_room, &|| false)
        .map(|loaded| loaded.unloaded)
}

fn names(pool: &Pool) -> Vec<String> {
    pool.models().iter().map(|model| model.id.clone()).collect()
}

fn unhealthy(reason: &str) -> HealthStatus {
    HealthStatus::Unhealthy {
        reason: reason.to_string(),
    }
}

#[test]
fn the_fourth_of_fourteen_loads_of_20_mb_does_not_fit_into_64() {
    let pool = pool(64);
    let mut refused = 0;
    for number in 0..14 {
        match load(&pool, &format!("m{:02}", number), 20) {
            Ok(_) => assert!(number < 3),
            Err(refusal) => {
                let expected = LoadRefusal::Budget {
                    requested: 20 * MB,
                    available: 4 * MB,
                    budget: 64 * MB,
                };
                assert_eq!(refusal, expected);
                refused += 1;
            }
        }
        assert!(pool.used() <= 64 * MB);
    }
    assert_eq!(
        (refused, pool.models().len(), pool.counters().refusals),
        (11, 3, 11)
    );
}

#[test]
fn room_is_made_by_the_adapters_that_were_used_longest_ago() {
    let pool = pool(6);
    load_as(&pool, "base", 2, ModelKind::Base, false).unwrap();
    load(&pool, "a", 2).unwrap();
    load(&pool, "b", 2).unwrap();
    pool.infer("a", "x", 1).unwrap();
    assert_eq!(
        load_as(&pool, "c", 2, ModelKind::Adapter, true).unwrap(),
        vec!["b"]
    );
    assert_eq!(names(&pool), vec!["a", "base", "c"]);
    // All adapters together would not be enough: none of them goes.
    assert!(matches!(
        load_as(&pool, "huge", 5, ModelKind::Adapter, true),
        Err(LoadRefusal::Budget { .. })
    ));
    assert_eq!(names(&pool), vec!["a", "base", "c"]);
    pool.activate("a", true).unwrap();
    assert_eq!(
        load_as(&pool, "d", 2, ModelKind::Adapter, true).unwrap(),
        vec!["c"]
    );
}

#[test]
fn each_level_takes_away_what_the_table_says() {
    let pool = pool(64);
    load_as(&pool, "base", 1, ModelKind::Base, false).unwrap();
    load(&pool, "idle", 1).unwrap();
    load(&pool, "busy", 1).unwrap();
    pool.activate("busy", true).unwrap();
    pool.respond(PressureLevel::Warning);
    assert_eq!(
        load(&pool, "new", 1),
        Err(LoadRefusal::Pressure(PressureLevel::Warning))
    );
    assert_eq!(load(&pool, "idle", 1), Ok(vec![]), "what is there is there");
    assert_eq!(names(&pool), vec!["base", "busy", "idle"]);
    pool.respond(PressureLevel::High);
    assert_eq!(names(&pool), vec!["base", "busy"]);
    assert!(pool.infer("busy", "x", 1).is_ok());
    pool.respond(PressureLevel::Critical);
    assert_eq!(
        pool.infer("busy", "x", 1),
        Err(InferRefusal::Pressure(PressureLevel::Critical))
    );
    assert_eq!(names(&pool), vec!["base", "busy"]);
    pool.shed();
    assert_eq!(names(&pool), vec!["busy"]);
    assert_eq!(pool.used(), MB);
    pool.respond(PressureLevel::Normal);
    assert!(load(&pool, "new", 1).is_ok());
    assert!(pool.infer("busy", "x", 1).is_ok());
}

#[test]
fn damage_is_noticed_by_sampling_and_healed_from_the_source() {
    let pool = pool(64);
    load(&pool, "a", 3).unwrap();
    load(&pool, "b", 3).unwrap();
    assert_eq!(pool.health(), HealthStatus::Healthy);
    let answer = pool.infer("b", "question", 64).unwrap();
    let before = pool.get("b").unwrap().with_bytes(<[u8]>::to_vec);
    assert_eq!(pool.overwrite("b", 2 * MB + 5, &[1, 2, 3]), Some(3));
    assert_eq!(pool.overwrite("b", 3 * MB - 1, &[9, 9, 9]), Some(1));
    assert_eq!(pool.overwrite("b", u64::MAX, &[9]), Some(0));
    // Six blocks, four at a time: the second look reaches the last one.
    let seen: Vec<HealthStatus> = (0..2).map(|_| pool.health()).collect();
    assert!(seen.contains(&unhealthy("damaged: b")), "{:?}", seen);
    assert_eq!(
        pool.health(),
        unhealthy("damaged: b"),
        "and is not forgotten"
    );
    assert!(pool.heal());
    assert_eq!(pool.health(), HealthStatus::Healthy);
    assert_eq!(pool.get("b").unwrap().with_bytes(<[u8]>::to_vec), before);
    assert_eq!(pool.infer("b", "question", 64).unwrap(), answer);
    assert_eq!(pool.counters().restored, 1);
}

#[test]
fn what_cannot_be_restored_stays_unhealthy() {
    let folder = std::env::temp_dir().join(format!("opbus-pool-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("model"), vec![7; BLOCK + 3]).unwrap();
    let pool = Pool::new(Settings {
        budget: 64 * MB,
        folder: Some(folder.clone()),
        required: Vec::new(),
        verify_blocks: 4,
    });
    let source = ModelSource::File {
        file: "model".to_string(),
    };
    pool.load("m", &source, ModelKind::Base, false, &|| false)
        .map(|_| ())
        .unwrap();
    assert_eq!(pool.used(), BLOCK as u64 + 3);
    pool.overwrite("m", BLOCK as u64 + 2, &[8]).unwrap();
    assert_eq!(pool.health(), unhealthy("damaged: m"));
    std::fs::write(folder.join("model"), vec![9; BLOCK + 3]).unwrap();
    assert!(
        !pool.heal(),
        "other bytes are not the model that was loaded"
    );
    std::fs::remove_file(folder.join("model")).unwrap();
    assert!(!pool.heal());
    assert_eq!(pool.health(), unhealthy("damaged: m"));
    std::fs::write(folder.join("model"), vec![7; BLOCK + 3]).unwrap();
    assert!(pool.heal());
    assert_eq!(pool.health(), HealthStatus::Healthy);
    let missing = ModelSource::File {
        file: "absent".to_string(),
    };
    assert_eq!(
        pool.load("n", &missing, ModelKind::Base, false, &|| false)
            .map(|_| ()),
        Err(LoadRefusal::Unreadable(SourceProblem::Missing))
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_required_model_comes_back_when_memory_is_there_again() {
    let pool = Pool::new(Settings {
        budget: 8 * MB,
        folder: None,
        required: vec![
            ("base".to_string(), seeded(3, 2)),
            ("more".to_string(), seeded(4, 1)),
        ],
        verify_blocks: 4,
    });
    assert_eq!(pool.load_next_required(), Ok(true));
    assert_eq!(pool.load_next_required(), Ok(true));
    assert_eq!(pool.load_next_required(), Ok(false));
    pool.respond(PressureLevel::Critical);
    pool.shed();
    assert_eq!(names(&pool), Vec::<String>::new());
    assert!(matches!(pool.health(), HealthStatus::Degraded { .. }));
    assert!(pool.heal());
    assert_eq!(
        names(&pool),
        Vec::<String>::new(),
        "not while memory is short"
    );
    pool.respond(PressureLevel::Normal);
    assert_eq!(
        pool.health(),
        unhealthy("the base model \"base\" is not in memory")
    );
    assert!(pool.heal());
    assert_eq!(names(&pool), vec!["base", "more"]);
}

#[test]
fn a_smaller_budget_makes_idle_adapters_go() {
    let pool = pool(8);
    for id in ["a", "b", "c", "d"] {
        load(&pool, id, 2).unwrap();
    }
    assert!(matches!(pool.health(), HealthStatus::Degraded { .. }));
    pool.activate("a", true).unwrap();
    pool.set_budget(3 * MB);
    assert_eq!((names(&pool), pool.used()), (vec!["a".to_string()], 2 * MB));
}

#[test]
fn a_load_that_nobody_waits_for_leaves_nothing_behind() {
    let pool = pool(64);
    let polls = AtomicUsize::new(0);
    let cancelled = || polls.fetch_add(1, Ordering::Relaxed) == 3;
    let result = pool.load("m", &seeded(1, 20), ModelKind::Adapter, false, &cancelled);
    assert_eq!(result.map(|_| ()), Err(LoadRefusal::Cancelled));
    assert_eq!((pool.used(), pool.models().len()), (0, 0));
    assert!(load(&pool, "m", 20).is_ok());
}

#[test]
fn names_are_taken_once_and_the_same_model_is_loaded_once() {
    let pool = pool(64);
    load(&pool, "m", 2).unwrap();
    load(&pool, "m", 2).unwrap();
    assert_eq!(load(&pool, "m", 3), Err(LoadRefusal::Conflict));
    assert_eq!((pool.counters().loads, pool.used()), (1, 2 * MB));
    pool.activate("m", true).unwrap();
    assert_eq!(pool.unload("m", false), Err(UnloadRefusal::Active));
    assert_eq!(pool.unload("m", true), Ok(2 * MB));
    assert_eq!(pool.unload("m", true), Err(UnloadRefusal::NotFound));
}

#[test]
fn threads_that_load_infer_and_unload_at_once_never_pass_the_budget() {
    let pool = Arc::new(pool(16));
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (pool, stop) = (Arc::clone(&pool), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut most = 0;
            while !stop.load(Ordering::Relaxed) {
                most = most.max(pool.used());
                std::thread::sleep(Duration::from_micros(50));
            }
            most
        })
    };
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let pool = Arc::clone(&pool);
            std::thread::spawn(move || {
                for round in 0..6 {
                    let id = format!("m{}", (worker + round) % 6);
                    let _ = load_as(&pool, &id, 4, ModelKind::Adapter, round % 2 == 0);
                    let _ = pool.infer(&id, "x", 16);
                    pool.respond(PressureLevel::ALL[round % 3]);
                    let _ = pool.health();
                    let _ = pool.unload(&id, true);
                    pool.respond(PressureLevel::Normal);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    assert!(watcher.join().unwrap() <= 16 * MB);
    pool.clear();
    assert_eq!(pool.used(), 0, "every byte was given back");
    assert!(pool.heal(), "and nobody holds the turn");
    assert!(load(&pool, "last", 16).is_ok());
}
