use super::*;
use crate::architecture::find;
use crate::deployment::{BuildLimits, KvCacheConfig};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn too_large() -> Deployment {
    Deployment {
        model: find("llama-3.3-70b").unwrap().into(),
        limits: BuildLimits { max_seq_len: Some(8192), max_batch_size: Some(64), ..BuildLimits::default() },
        ..Deployment::engine()
    }
}

#[test]
fn each_change_alone_makes_it_fit_and_the_cheap_ones_come_first() {
    let advice = advise(&too_large(), None).unwrap();
    assert!(!advice.fits);
    let keys: Vec<&str> = advice.changes.iter().map(|change| change.key).collect();
    assert_eq!(keys, ["quant_algo", "gpu", "tp_size", "pp_size"]);
    for change in &advice.changes {
        assert!(estimate(&change.deployment).unwrap().verdict.fits(), "{}", change.sentence(Units::Binary));
        assert_eq!(setting(change.key).unwrap().with(&too_large(), &change.to).unwrap(), change.deployment);
        assert!(change.sentence(Units::Binary).contains(&change.to) && !change.cost.is_empty());
    }
    assert!(advice.changes.windows(2).all(|pair| rank(pair[0].phase) <= rank(pair[1].phase)));
}

#[test]
fn a_run_time_change_comes_before_a_rebuild() {
    let greedy = Deployment {
        kv_cache: KvCacheConfig { free_gpu_memory_fraction: Some(0.02), ..KvCacheConfig::default() },
        ..Deployment::engine()
    };
    let advice = advise(&greedy, None).unwrap();
    assert!(!advice.fits);
    assert_eq!((advice.changes[0].key, advice.changes[0].phase), ("free_gpu_memory_fraction", Phase::Runtime));
    assert!(advice.changes.iter().any(|change| change.key == "max_seq_len"), "{:?}", advice.changes);
}

#[test]
fn oversized_limits_are_listed_with_the_memory_that_they_take() {
    let advice = advise(&Deployment::engine(), None).unwrap();
    assert!(advice.fits);
    let keys: Vec<&str> = advice.changes.iter().map(|change| change.key).collect();
    assert!(keys.contains(&"max_seq_len") && keys.contains(&"max_batch_size"), "{keys:?}");
    for change in &advice.changes {
        let report = estimate(&change.deployment).unwrap();
        assert!(report.verdict.fits() && change.saves > Bytes::from_mib(100));
        assert!(change.kv_tokens.1 > change.kv_tokens.0);
    }
}

#[test]
fn limits_that_a_load_needs_are_not_oversized() {
    let load = Load { concurrency: 64, input_len: 2000, output_len: 1000 };
    let sized = load.sized(&Deployment {
        limits: BuildLimits { max_num_tokens: Some(2048), ..BuildLimits::default() },
        ..Deployment::engine()
    });
    let advice = advise(&sized, Some(load)).unwrap();
    assert!(advice.fits && advice.changes.is_empty(), "{:?}", advice.changes);
}

#[test]
fn a_load_that_is_too_large_has_advice_like_memory_that_is_too_small() {
    let deployment = Deployment {
        limits: BuildLimits { max_batch_size: Some(16), max_seq_len: Some(4096), ..BuildLimits::default() },
        ..Deployment::engine()
    };
    let load = Load { concurrency: 32, input_len: 2000, output_len: 1000 };
    let advice = advise(&deployment, Some(load)).unwrap();
    let batch = advice.changes.iter().find(|change| change.key == "max_batch_size").unwrap();
    assert_eq!((advice.fits, batch.to.as_str()), (false, "32"));
}
