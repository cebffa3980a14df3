//! Completeness of the settings: every field of a deployment has a row in the table of settings,
//! and every row changes an answer.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::deployment;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::str::FromStr;
use trtllm_memory::deployment::{
    Backend, Calibrated, Deployment, Flows, Group, Input, InvalidValue, KvCacheDtype, LookaheadConfig, LoraModule,
    LoraModules, QuantAlgo, Runtime, SETTINGS, Setting, Version, setting,
};
use trtllm_memory::export::commands::recipes;
use trtllm_memory::link;
use trtllm_memory::memory::estimate;
use trtllm_memory::units::Bytes;

/// Deployments of which at least one depends on each setting.
const BASES: [&str; 16] = [
    "",
    "backend=pytorch",
    "tp_size=2",
    "tp_size=2&backend=pytorch",
    "tp_size=2&use_parallel_embedding=true",
    "tp_size=4&model=mistralai/Mixtral-8x7B-v0.1",
    "tp_size=4&model=Qwen/Qwen3-30B-A3B&backend=pytorch",
    "model=google/flan-t5-xl&max_batch_size=8",
    "quant_algo=FP8&kv_cache_dtype=fp8&trtllm_version=0.16",
    "max_lora_rank=8",
    "cuda_graph_mode=true",
    "runtime=gpt_session&trtllm_version=0.9&pp_size=2",
    "speculative_decoding_mode=medusa",
    "speculative_decoding_mode=eagle",
    "speculative_decoding_mode=explicit_draft_tokens",
    "speculative_decoding_mode=lookahead_decoding",
];

/// Values to try. A setting with its own text format has a value that is not the choice of
/// TensorRT-LLM.
fn values(setting: &Setting) -> Vec<String> {
    let numbers = |all: &[u64]| all.iter().map(u64::to_string).collect();
    match setting.input {
        Input::Model => vec!["meta-llama/Llama-3.2-1B".into()],
        Input::Gpu => vec!["t4".into()],
        Input::Choice(names) => names.iter().map(|name| name.to_string()).collect(),
        Input::Toggle => vec!["true".into(), "false".into()],
        Input::Steps { usual, .. } => numbers(usual),
        Input::Whole { min, slider_max, .. } => numbers(&[min, min + 1, min + 6, slider_max / 8, slider_max]),
        Input::Fraction => vec!["0.3".into()],
        Input::Gib => vec!["7".into()],
        Input::Text => match setting.key {
            "lookahead_config" => vec!["7,7,7".into()],
            "lora_target_modules" => vec!["attn_dense,mlp_h_to_4h".into()],
            "max_attention_window" => vec!["256".into()],
            key if key.starts_with("calibrated_") => vec!["2000000000/1000000000".into()],
            key => panic!("add a value of {key} to try in tests/suite/settings.rs"),
        },
    }
}

/// The report and the commands of a deployment, or `None` if it is invalid.
fn answer(deployment: &Deployment) -> Option<String> {
    Some(format!("{:?} {:?}", estimate(deployment).ok()?, recipes(deployment).ok()?))
}

#[test]
fn each_setting_changes_a_figure_or_a_command() {
    let base = |text: &&str| {
        let deployment = deployment(text);
        let told = answer(&deployment);
        assert!(told.is_some(), "{text} is invalid");
        (deployment, told)
    };
    let bases: Vec<(Deployment, Option<String>)> = BASES.iter().map(base).collect();
    let changes = |setting: &Setting| {
        let values = values(setting);
        bases.iter().any(|(base, told)| {
            let changed = values.iter().filter_map(|value| setting.with(base, value).ok());
            changed.filter_map(|changed| answer(&changed)).any(|now| told.as_ref() != Some(&now))
        })
    };
    let settings = SETTINGS.iter().filter(|setting| setting.group != Group::Dimensions);
    let idle: Vec<&str> = settings.filter(|setting| !changes(setting)).map(|setting| setting.key).collect();
    assert!(idle.is_empty(), "no law and no command depends on {idle:?}");
}

/// The names and the types of the fields of a struct.
fn fields_of<'a>(source: &'a str, name: &str) -> Vec<(&'a str, &'a str)> {
    let (_, body) = source.split_once(&format!("pub struct {name} {{")).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let declared = body.lines().filter_map(|line| line.strip_prefix("    pub ")?.strip_suffix(',')?.split_once(": "));
    declared.collect()
}

/// The keys of all fields of the group with this type.
fn keys_of(group: &str) -> Vec<String> {
    let source = include_str!("../../src/deployment/config.rs");
    let (groups, fields): (Vec<_>, Vec<_>) =
        fields_of(source, group).into_iter().partition(|(_, kind)| source.contains(&format!("pub struct {kind} {{")));
    let prefix = if group == "Calibration" { "calibrated_" } else { "" };
    let own = fields.into_iter().map(|(name, _)| format!("{prefix}{name}"));
    own.chain(groups.into_iter().flat_map(|(_, kind)| keys_of(kind))).collect()
}

#[test]
fn each_field_of_a_deployment_is_a_setting() {
    let deployment = fields_of(include_str!("../../src/deployment/mod.rs"), "Deployment");
    let groups = deployment.iter().filter(|(name, _)| !["model", "gpu", "backend", "version"].contains(name));
    let own = ["model", "gpu", "backend", "trtllm_version"].map(String::from);
    let fields: Vec<String> = own.into_iter().chain(groups.flat_map(|(_, kind)| keys_of(kind))).collect();
    let unset: Vec<&String> =
        fields.iter().filter(|name| SETTINGS.iter().all(|setting| setting.key != *name)).collect();
    assert!(unset.is_empty(), "{unset:?} have no row in src/deployment/settings/table.rs");
    let settings = SETTINGS.iter().filter(|setting| setting.group != Group::Dimensions);
    let homeless: Vec<&str> =
        settings.map(|setting| setting.key).filter(|key| fields.iter().all(|name| name != key)).collect();
    assert!(homeless.is_empty(), "{homeless:?} are in no group of src/deployment/config.rs");
}

#[test]
fn every_setting_has_a_short_name_that_is_unique_in_its_group() {
    for (index, setting) in SETTINGS.iter().enumerate() {
        assert!((1..=24).contains(&setting.name.chars().count()), "{}: {:?}", setting.key, setting.name);
        let earlier = SETTINGS[..index].iter().filter(|other| other.group == setting.group);
        let same: Vec<&str> = earlier.filter(|other| other.name == setting.name).map(|other| other.key).collect();
        assert!(same.is_empty(), "{} and {same:?} are both called {:?}", setting.key, setting.name);
    }
}

#[test]
fn each_group_shows_a_few_settings_first() {
    let first = |group: Group, backend: Backend| -> Vec<&str> {
        let shown = SETTINGS.iter().filter(|setting| setting.group == group && setting.is_common);
        shown.filter(|setting| setting.flows.has(backend)).map(|setting| setting.key).collect()
    };
    for group in Group::ALL.into_iter().filter(|group| !group.comes_from_files()) {
        for backend in [Backend::TensorRt, Backend::Pytorch] {
            let mut all = SETTINGS.iter().filter(|setting| setting.group == group && setting.flows.has(backend));
            let shown = first(group, backend).len();
            assert!((1..=5).contains(&shown) || all.next().is_none(), "{group:?}, {backend}: {shown}");
        }
    }
    assert_eq!(first(Group::Precision, Backend::Pytorch), ["quant_algo", "kv_cache_dtype"]);
    let graphs = ["moe_backend", "cuda_graph_max_batch_size", "cuda_graph_enable_padding", "enable_chunked_prefill"];
    assert_eq!(first(Group::Runtime, Backend::Pytorch), graphs);
    assert_eq!(first(Group::Limits, Backend::TensorRt), ["max_batch_size", "max_num_tokens", "max_seq_len"]);
}

#[test]
fn groups_of_a_backend_hold_only_settings_of_that_backend() {
    for (group, flows) in [("EngineConfig", Flows::Engine), ("PytorchConfig", Flows::Pytorch)] {
        let mut keys = keys_of(group);
        let mut rows: Vec<&str> =
            SETTINGS.iter().filter(|setting| setting.flows == flows).map(|setting| setting.key).collect();
        keys.sort_unstable();
        rows.sort_unstable();
        assert_eq!(keys, rows, "{group}");
    }
}

#[test]
fn all_numbers_outside_their_ranges_are_named_in_the_order_of_the_table() {
    let mut deployment = Deployment::engine();
    deployment.parallel.tp_size = 0;
    deployment.limits.max_batch_size = Some(1 << 21);
    deployment.kv_cache.free_gpu_memory_fraction = Some(1.5);
    deployment.kv_cache.max_attention_window = vec![4096, 0];
    deployment.engine.lookahead_config = Some(LookaheadConfig { window: 4, ngram: 0, verification_set: 4 });
    deployment.machine.other_memory_gib = Some(f64::NAN);
    let problems = deployment.resolve().unwrap_err().0;
    let named: Vec<(&str, &str)> = problems.iter().map(|problem| (problem.field, problem.message.as_str())).collect();
    assert_eq!(
        named,
        [
            ("tp_size", "must be a whole number from 1 to 1,024"),
            ("max_batch_size", "must be a whole number from 1 to 1,048,576, such as 8192, 8k or 2^13"),
            ("free_gpu_memory_fraction", "must be a fraction above 0 and below 1, such as 0.9 or 90%"),
            ("lookahead_config", "must be three whole numbers from 1 to 64, such as 4,3,4"),
            ("max_attention_window", "must be a whole number from 1 to 4,294,967,296, such as 8192, 8k or 2^13"),
            ("other_memory_gib", "must be a size in GiB above 0 and up to 16,384, such as 24 or 24GB"),
        ]
    );
    assert_eq!((problems[0].value.as_str(), problems[4].value.as_str()), ("0", "4096,0"));
}

#[test]
fn numbers_are_understood_as_people_type_them_and_written_as_plain_numbers() {
    for (key, typed, written) in [
        ("max_seq_len", "8k", "8192"),
        ("max_seq_len", "128K", "131072"),
        ("max_seq_len", "1M", "1048576"),
        ("max_num_tokens", "2^17", "131072"),
        ("max_num_tokens", "1e4", "10000"),
        ("max_batch_size", "1,024", "1024"),
        ("max_tokens", "8 192", "8192"),
        ("max_tokens", "8_192", "8192"),
        ("tp_size", "2^3", "8"),
        ("max_attention_window", "4k,1k", "4096,1024"),
        ("m.vocab", "128k", "131072"),
        ("free_gpu_memory_fraction", "80%", "0.8"),
        ("free_gpu_memory_fraction", "80 %", "0.8"),
        ("free_gpu_memory_fraction", "12.3%", "0.123"),
        ("max_gpu_total_bytes", "40GiB", "42949672960"),
        ("max_gpu_total_bytes", "40 gb", "40000000000"),
        ("max_gpu_total_bytes", "1e9", "1000000000"),
        ("host_cache_size", "1.5 MiB", "1572864"),
        ("gpu_memory_gib", "24", "24"),
        ("gpu_memory_gib", "24GiB", "24"),
        ("gpu_memory_gib", "24564 MiB", "23.98828125"),
        // 24e9 / 2^30 = 22.3517417907714843…, in the twelve decimals of a link.
        ("gpu_memory_gib", "24 GB", "22.351741790771"),
    ] {
        let row = setting(key).unwrap();
        let backend = if row.flows == Flows::Pytorch { Backend::Pytorch } else { Backend::TensorRt };
        let read = row.with(&Deployment { backend, ..Deployment::engine() }, typed).unwrap();
        assert_eq!(row.write(&read), written, "{key}={typed}");
        assert_eq!(link::decode(&link::encode(&read)).deployment, read, "{key}={typed}");
        let escaped = typed.replace('%', "%25");
        assert_eq!(
            link::decode(&format!("v=1&backend={backend}&{key}={escaped}")).deployment,
            read,
            "{key}={typed} in a link"
        );
    }
}

#[test]
fn a_number_that_is_not_understood_is_refused_with_an_example() {
    for (key, typed, message) in [
        ("max_seq_len", "0.3k", "must be a whole number from 1 to 4,294,967,296, such as 8192, 8k or 2^13"),
        ("max_seq_len", "8GiB", "must be a whole number from 1 to 4,294,967,296, such as 8192, 8k or 2^13"),
        ("tp_size", "8k", "must be a whole number from 1 to 1,024"),
        ("free_gpu_memory_fraction", "80", "must be a fraction above 0 and below 1, such as 0.9 or 90%"),
        ("free_gpu_memory_fraction", "100%", "must be a fraction above 0 and below 1, such as 0.9 or 90%"),
        (
            "max_gpu_total_bytes",
            "22,5GB",
            "must be bytes from 0 to 1,125,899,906,842,624, such as 42949672960 or 40GiB",
        ),
        ("gpu_memory_gib", "22,5 GB", "must be a size in GiB above 0 and up to 16,384, such as 24 or 24GB"),
        ("gpu_memory_gib", "17 TB", "must be a size in GiB above 0 and up to 16,384, such as 24 or 24GB"),
    ] {
        let row = setting(key).unwrap();
        assert_eq!(row.with(&Deployment::engine(), typed).unwrap_err().message, message, "{key}={typed}");
    }
}

#[test]
fn an_unknown_model_is_answered_with_the_nearest() {
    let model = setting("model").unwrap();
    let message = |text: &str| model.with(&Deployment::engine(), text).unwrap_err().message;
    assert_eq!(message("llama 70b 3.3"), "isn't in the catalogue; the nearest is meta-llama/Llama-3.3-70B-Instruct");
    for text in ["", "no such model"] {
        assert_eq!(message(text), "isn't in the catalogue; `trtllm-memory models` lists all models");
    }
}

#[test]
fn the_limits_of_a_range_are_accepted_and_larger_numbers_refused() {
    for setting in
        SETTINGS.iter().filter(|setting| setting.flows != Flows::Pytorch && setting.group != Group::Dimensions)
    {
        let (least, most) = match setting.input {
            Input::Whole { min, max, .. } => (min, max),
            Input::Steps { max, .. } => (1, max),
            _ => continue,
        };
        for sound in [least, most] {
            let deployment = setting.with(&Deployment::engine(), &sound.to_string()).unwrap();
            assert_eq!(setting.check(&deployment), Ok(()), "{}={sound}", setting.key);
        }
        assert!(setting.with(&Deployment::engine(), &(most + 1).to_string()).is_err(), "{}", setting.key);
    }
}

#[test]
fn values_are_parsed_from_their_written_form() {
    fn holds<T: FromStr<Err = InvalidValue> + Display + PartialEq + Debug>(values: &[T]) {
        for value in values {
            assert_eq!(value.to_string().parse::<T>().as_ref(), Ok(value));
        }
    }
    holds(Backend::ALL);
    holds(QuantAlgo::ALL);
    holds(KvCacheDtype::ALL);
    holds(Runtime::ALL);
    holds(LoraModule::ALL);
    holds(&[LookaheadConfig::default()]);
    holds(&Version::NAMES.iter().map(|name| name.parse::<Version>().unwrap()).collect::<Vec<_>>());
    holds(&[Calibrated::new(Bytes(2_000_000), Bytes(1_000_000)).unwrap()]);
    holds(&[LoraModules::default(), LoraModules(vec![LoraModule::AttnQ, LoraModule::MlpGate])]);
    assert_eq!("mlp_gate, attn_q,attn_q".parse(), Ok(LoraModules(vec![LoraModule::AttnQ, LoraModule::MlpGate])));
    let error: Box<dyn Error> = "tensorrtx".parse::<Backend>().unwrap_err().into();
    assert_eq!(error.to_string(), "must be one of tensorrt, pytorch; found \"tensorrtx\"");
}
