//! The page cache of LoRA adapters on the GPU (`batch_manager/peftCacheManager.cpp`,
//! `runtime/loraCache.cpp`, `runtime/loraModule.cpp`).

use crate::deployment::{LoraModule, Resolved, Runtime};
use crate::memory::inputs::Inputs;
use crate::memory::law::{Origin, Part, Symbol};
use crate::memory::number::Number;

/// The adapter rank that pages are sized for (`optimal_adapter_size`).
const OPTIMAL_RANK: u64 = 8;
/// The largest adapter rank that must fit (`max_adapter_size`).
const MAX_RANK: u64 = 64;

/// The adapter cache of a rank.
pub(super) struct Cache<N> {
    /// Its bytes.
    pub bytes: N,
    /// Bytes that it lacks to hold one adapter, an error at start-up; zero if it can hold one.
    pub short: f64,
}

/// Elements of a module on a rank per unit of the adapter's rank: those of its input and its
/// output.
fn elements(resolved: &Resolved, module: LoraModule) -> u64 {
    let model = &resolved.model;
    let hidden = model.hidden;
    let head = model.attention.head_dim();
    let query = resolved.local_heads() * head;
    let key = resolved.local_kv_heads() * head;
    let columns = model.mlp.intermediate.div_ceil(resolved.parallel.tp_size);
    let (experts, expert) =
        model.moe.map_or((0, 0), |moe| (moe.experts, moe.intermediate.div_ceil(resolved.parallel.tp_size)));
    match module {
        LoraModule::AttnQkv => hidden + query + 2 * key,
        LoraModule::AttnQ => hidden + query,
        LoraModule::AttnK | LoraModule::AttnV => hidden + key,
        LoraModule::AttnDense => hidden.div_ceil(resolved.parallel.tp_size) + hidden,
        LoraModule::MlpHTo4h | LoraModule::MlpGate | LoraModule::Mlp4hToH => hidden + columns,
        LoraModule::MlpGateUp => hidden + 2 * columns,
        LoraModule::MoeHTo4h | LoraModule::MoeGate => (hidden + expert) * experts,
        LoraModule::Moe4hToH => (expert + hidden) * experts,
        LoraModule::MoeRouter => hidden + experts,
    }
}

/// The layout of adapters in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pages {
    /// Elements of a slot: those of the smallest module.
    width: u64,
    /// Slots of a page.
    slots: u64,
    /// Slots of an adapter of the largest rank.
    adapter: u64,
}

impl Pages {
    fn of(modules: impl Iterator<Item = u64> + Clone, layers: u64, max_rank: u64) -> Pages {
        let (optimal, largest) = (OPTIMAL_RANK.min(max_rank), MAX_RANK.min(max_rank));
        let width = modules.clone().min().unwrap_or(1).max(1);
        let widest = modules.clone().max().unwrap_or(1);
        let in_layer: u64 = modules.clone().map(|elements| optimal * elements.div_ceil(width)).sum();
        let slots = layers.saturating_mul(in_layer).max((largest * widest).div_ceil(width)).max(1);
        let all: u64 = modules.sum();
        Pages { width, slots, adapter: (largest * all).saturating_mul(layers).div_ceil(width) }
    }
}

/// The executor's adapter cache. `free` returns the memory left for it. `None` if the engine has no
/// LoRA plugin.
pub(super) fn cache<N: Number>(inputs: &Inputs<N>, free: impl FnOnce() -> N) -> Option<Cache<N>> {
    let resolved = inputs.resolved;
    if resolved.given.engine.max_lora_rank == 0 || resolved.given.engine.runtime != Runtime::Executor {
        return None;
    }
    let layers = resolved.model.attention_layers.count_in(resolved.layers_of_stage(inputs.stage));
    let modules = resolved.engine.lora_target_modules.iter().map(|module| elements(resolved, *module));
    Some(sized(inputs, &Pages::of(modules, u64::from(layers), resolved.given.engine.max_lora_rank), free()))
}

/// The cache with this layout: pages for a share of the free memory, rounded up to a whole page.
fn sized<N: Number>(inputs: &Inputs<N>, pages: &Pages, free: N) -> Cache<N> {
    static SHARE: Symbol = Symbol {
        text: "f_lora",
        meaning: "share of the free memory for adapters",
        origin: Origin::Chosen("lora_device_cache_fraction"),
    };
    static WIDTH: Symbol = Symbol { text: "w", meaning: "values of a slot", origin: Origin::Derived };
    static SLOTS: Symbol = Symbol { text: "n_slots", meaning: "slots of a page", origin: Origin::Derived };
    let slot = || N::symbol(&WIDTH, pages.width as f64) * inputs.element();
    let in_page = || N::symbol(&SLOTS, pages.slots as f64);
    let budget = N::symbol(&SHARE, inputs.resolved.engine.lora_device_cache_fraction)
        * free.part(|| Part::bytes("memory left for adapters").symbol("free"));
    let slots = (budget / slot()).floor().part(|| Part::count("slots that the share fills"));
    let missing = (pages.adapter as f64 - slots.value()).max(0.0);
    let held = (slots / in_page()).ceil().part(|| Part::count("pages"));
    Cache {
        short: missing * pages.width as f64 * inputs.resolved.precision.dtype.bytes() as f64,
        bytes: (held * in_page() * slot()).part(|| Part::bytes("page cache of LoRA adapters")),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::link;
    use crate::units::GIB;

    fn cache_of(text: &str, free: f64) -> (Pages, Cache<f64>) {
        let resolved = link::decode(&format!("v=1&{text}")).deployment.resolve().unwrap();
        let inputs = Inputs::<f64>::new(&resolved, 0);
        let modules = resolved.engine.lora_target_modules.iter().map(|module| elements(&resolved, *module));
        let pages = Pages::of(modules, u64::from(resolved.model.layers), resolved.given.engine.max_lora_rank);
        (pages, cache(&inputs, || free).unwrap())
    }

    /// A log of 0.11 prints a device cache of 312836096 bytes, adapters of 19988480 values, and
    /// room for 8 of them (triton-inference-server/tensorrtllm_backend issue 559).
    #[test]
    fn a_public_logs_cache_is_met() {
        let modules = "attn_q,attn_k,attn_v,attn_dense,mlp_h_to_4h,mlp_gate,mlp_4h_to_h";
        let text = format!(
            "model=Qwen/Qwen1.5-7B&trtllm_version=0.11&max_lora_rank=8&lora_target_modules={modules}&\
             lora_device_cache_fraction=0.02"
        );
        let (pages, cache) = cache_of(&text, 312_836_096.0 / 0.02);
        assert_eq!((pages.width, pages.slots, pages.adapter * pages.width), (8192, 2560, 19_988_480));
        assert_eq!(cache.bytes, 335_544_320.0);
        let held = cache.bytes as u64 / 2 / (pages.adapter * pages.width);
        assert_eq!((held, cache.short), (8, 0.0));
    }

    /// Mixtral's eight experts map 4096 values to 14,336 and back, each with an adapter of its own;
    /// the router maps them to eight. Two ranks share the columns.
    #[test]
    fn every_expert_has_an_adapter() {
        let resolved = |ranks: u64| {
            link::decode(&format!("v=1&model=mistralai/Mixtral-8x7B-v0.1&tp_size={ranks}"))
                .deployment
                .resolve()
                .unwrap()
        };
        for module in [LoraModule::MoeHTo4h, LoraModule::MoeGate, LoraModule::Moe4hToH] {
            assert_eq!(elements(&resolved(1), module), (4096 + 14_336) * 8);
            assert_eq!(elements(&resolved(2), module), (4096 + 7168) * 8);
        }
        assert_eq!(elements(&resolved(2), LoraModule::MoeRouter), 4096 + 8);
    }

    #[test]
    fn pages_are_whole_and_a_share_of_the_free_memory() {
        let text = "model=meta-llama/Llama-2-7b-hf&max_lora_rank=64&lora_target_modules=attn_q,attn_k,attn_v";
        let (pages, cache) = cache_of(text, 60.0 * GIB as f64);
        assert_eq!(pages.slots * pages.width * 2, 12 << 20);
        assert_eq!(cache.bytes, 103.0 * (12 << 20) as f64);
        let (_, tight) = cache_of(text, GIB as f64);
        assert!(tight.short > 0.0, "2 % of a GiB can't hold an adapter of 96 MiB");
    }
}
