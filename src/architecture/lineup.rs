//! The order in which models are listed: by family, and within a family by series.

/// Families and their series, each as the start of repository names in lower case. The longest
/// start that fits a name decides.
///
/// The order is a judgement, not a count of downloads: families with models of 2025 and later that
/// TensorRT-LLM supports come first, then older ones; within a family the models that deployments
/// use most, then by release, the newest first.
const FAMILIES: &[(&str, &[&str])] = &[
    (
        "DeepSeek",
        &[
            "deepseek-r1",
            "deepseek-v3.2",
            "deepseek-v3.1",
            "deepseek-v3",
            "deepseek-r1-distill",
            "deepseek-v2",
            "deepseek",
        ],
    ),
    (
        "Qwen 3",
        &[
            "qwen3-32b",
            "qwen3-30b-a3b",
            "qwen3-235b",
            "qwen3-8b",
            "qwen3.6",
            "qwen3.5",
            "qwen3.8",
            "qwen3-next",
            "qwen3-coder",
            "qwen3",
            "qwen3-vl",
        ],
    ),
    ("gpt-oss", &["gpt-oss-120b", "gpt-oss-20b"]),
    ("Llama 3 and 4", &["llama-3.3", "llama-4", "llama-3.1", "llama-3.2", "meta-llama-3", "llama-3"]),
    ("Kimi", &["kimi-k2.5", "kimi-k2-thinking", "kimi"]),
    ("GLM", &["glm-5.3", "glm-5", "glm-4.7", "glm-4.5", "glm-4", "chatglm3", "chatglm"]),
    ("MiniMax", &["minimax"]),
    (
        "Mistral",
        &[
            "mistral-small",
            "devstral",
            "ministral",
            "mistral-large-3",
            "mistral-large",
            "mixtral",
            "mistral-nemo",
            "mistral",
            "codestral",
        ],
    ),
    ("Gemma", &["gemma-3", "gemma-2-", "gemma"]),
    ("Nemotron", &["nvidia-nemotron-3", "nvidia-nemotron", "nemotron", "minitron"]),
    ("Phi", &["phi-4", "phi-3.5", "phi-3", "phi"]),
    ("EXAONE", &["k-exaone", "exaone"]),
    ("Seed-OSS", &["seed-oss"]),
    ("Hunyuan", &["hunyuan"]),
    ("Arcee", &["trinity", "afm"]),
    ("Apertus", &["apertus"]),
    (
        "Qwen 2.5 and older",
        &["qwen2.5-7b", "qwen2.5-72b", "qwen2.5-32b", "qwen2.5", "qwen2.5-vl", "qwq", "qwen2", "qwen1.5", "qwen"],
    ),
    ("Llama 2 and older", &["llama-2", "codellama", "llama", "tinyllama"]),
    ("Whisper", &["whisper-large-v3", "whisper-large", "whisper"]),
    ("Granite", &["granite"]),
    ("OLMo", &["olmo-3", "olmo-2", "olmo"]),
    ("SmolLM", &["smollm3", "smollm2", "smollm"]),
    ("Falcon", &["falcon3", "falcon"]),
    ("Command", &["c4ai-command-a", "c4ai-command", "aya"]),
    ("InternLM", &["internlm3", "internlm2_5", "internlm2", "internlm"]),
    ("Yi", &["yi-"]),
    ("DBRX", &["dbrx"]),
    ("MiniCPM", &["minicpm3", "minicpm"]),
    ("ERNIE", &["ernie-4.5"]),
    ("StableLM", &["stablelm-2", "stablelm"]),
    ("StarCoder", &["starcoder2", "starcoder", "gpt_bigcode"]),
    ("Baichuan", &["baichuan2", "baichuan"]),
    ("MPT", &["mpt-"]),
    ("Pythia", &["pythia"]),
    ("BLOOM", &["bloom"]),
    ("OPT", &["opt-"]),
    ("GPT", &["gpt-neox", "gpt-j", "gpt2"]),
    ("T5", &["flan-t5", "t5-"]),
    ("BART", &["bart"]),
];

/// The heading of models without a family, which are listed last.
const OTHERS: &str = "Other models";

/// The place of a model in the list: its family, then its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    family: usize,
    series: usize,
}

impl Place {
    /// Returns the place of the model with this name.
    pub(super) fn of(name: &str) -> Place {
        let short = name.rsplit('/').next().unwrap_or(name);
        let fits = |start: &str| short.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
        let (mut place, mut longest) = (Place { family: FAMILIES.len(), series: 0 }, 0);
        for (family, (_, starts)) in FAMILIES.iter().enumerate() {
            for (series, start) in starts.iter().enumerate() {
                if start.len() > longest && fits(start) {
                    (place, longest) = (Place { family, series }, start.len());
                }
            }
        }
        place
    }

    /// Returns the heading of the family.
    pub(super) fn family(self) -> &'static str {
        FAMILIES.get(self.family).map_or(OTHERS, |(heading, _)| heading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::models;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_longest_start_decides() {
        for (name, family) in [
            ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "DeepSeek"),
            ("Qwen/Qwen3.5-397B-A17B", "Qwen 3"),
            ("Qwen/Qwen2.5-7B", "Qwen 2.5 and older"),
            ("Qwen/Qwen-7B", "Qwen 2.5 and older"),
            ("meta-llama/Meta-Llama-3-8B", "Llama 3 and 4"),
            ("meta-llama/Llama-2-7b-hf", "Llama 2 and older"),
            ("huggyllama/llama-7b", "Llama 2 and older"),
            ("openai/gpt-oss-120b", "gpt-oss"),
            ("openai-community/gpt2", "GPT"),
            ("LGAI-EXAONE/K-EXAONE-236B-A23B", "EXAONE"),
            ("Qwen/QwQ-32B", "Qwen 2.5 and older"),
            ("upstage/SOLAR-10.7B-v1.0", "Other models"),
            ("größe", "Other models"),
        ] {
            assert_eq!(Place::of(name).family(), family, "{name}");
        }
        assert!(Place::of("deepseek-ai/DeepSeek-V3") < Place::of("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"));
    }

    #[test]
    fn every_series_has_a_model() {
        let places: Vec<Place> = models().iter().map(|model| Place::of(&model.name)).collect();
        for (family, (heading, starts)) in FAMILIES.iter().enumerate() {
            for (series, start) in starts.iter().enumerate() {
                assert!(places.contains(&Place { family, series }), "{heading}: {start}");
            }
        }
    }

    #[test]
    fn few_models_have_no_family() {
        let others = models().iter().filter(|model| Place::of(&model.name).family() == OTHERS).count();
        assert!(others <= 6, "{others} of {}", models().len());
    }
}
