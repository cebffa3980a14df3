use super::*;
use crate::import::model_file::ModelFile;
use crate::worker::answer_text;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const CONFIG: &str = r#"{
  "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 3072, "num_hidden_layers": 20,
  "num_attention_heads": 24, "num_key_value_heads": 8, "intermediate_size": 8192, "vocab_size": 64000,
  "max_position_embeddings": 8192, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
  "made_by": "<script>alert(1)</script>"
}"#;

const FAILED: &str = "\
[TRT-LLM] [I] Using LLM with PyTorch backend
[TRT-LLM] [RANK 0] [I] max_seq_len=1025, max_num_requests=512, max_num_tokens=8192, max_batch_size=512
[TRT-LLM] [RANK 0] [I] Use 8.46 GB for model weights.
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 900.00 MiB. \
GPU 0 has a total capacity of 79.18 GiB of which 400.50 MiB is free.
";

/// A line of a server's log that does not concern memory.
const IDLE: &str = "[TRT-LLM] [I] a request was answered, and this line of the log is about nothing else\n";

/// Reads a file of `size` bytes that begins with `start` and continues with blanks.
fn read_long(start: &str, size: u64) -> Given {
    let mut reader = GivenReader::new("", size);
    while let Some(piece) = reader.next_piece() {
        let mut bytes = vec![b' '; (piece.end - piece.start) as usize];
        if piece.start == 0 {
            bytes[..start.len()].copy_from_slice(start.as_bytes());
        }
        reader.feed(&bytes);
    }
    reader.finish()
}

#[test]
fn a_log_is_read_to_its_end_across_pieces() {
    // The failure is in the second of three pieces, far from both ends.
    let before = IDLE.repeat(6_000_000 / IDLE.len());
    let (started, failure) = FAILED.split_at(FAILED.find("torch.").unwrap());
    let log = format!("{started}{before}{failure}{before}");
    let html = answer_text("panel=file", &Given::of("", log.as_bytes()));
    assert!(html.contains("An allocation of 900.00 MiB failed"), "{html}");
    let line = before.lines().count() + 4;
    assert!(html.contains(&format!("Line {}", grouped(line as u64))), "{html}");
}

#[test]
fn a_file_is_parsed_as_what_it_is() {
    let log = |text: &str| match Given::of("", text.as_bytes()).subject(Units::Binary) {
        Some(Subject::Log(log)) => log.reading.lines,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(log(FAILED), 4);
    assert_eq!(log("{\"stream\": \"stdout\"} [TensorRT-LLM][INFO] Loaded engine size: 6695 MiB\n"), 1);
    let given = Given::of("", CONFIG.as_bytes());
    let Some(Subject::Model(file)) = given.subject(Units::Binary) else { panic!("{given:?}") };
    assert_eq!(**file, model_file::read(CONFIG.as_bytes(), "").unwrap());
    assert!(Given::of("", b" \n\t").subject(Units::Binary).is_none());
    assert!(Given::default().subject(Units::Decimal).is_none());
}

#[test]
fn an_object_that_is_too_long_is_named_with_its_size_and_the_limit() {
    let html = answer_text("panel=file&file=big.json", &read_long("{\"model_type\": \"llama\",\n", 200_000_000));
    assert!(html.contains("200 MB") && html.contains("more than 100 MB"), "{html}");
    // A file within the limit is named with its own size too.
    let html = answer_text("panel=file&file=big.json", &read_long("{\"model_type\": \"llama\",\n", 90_000_000));
    assert!(html.contains("90 MB"), "{html}");
}

#[test]
fn of_tensors_the_header_alone_is_read() {
    let header = r#"{"lm_head.weight": {"dtype": "BF16", "shape": [8, 4], "data_offsets": [0, 64]}}"#;
    let mut reader = GivenReader::new("", 5_000_000_000);
    let mut start = (header.len() as u64).to_le_bytes().to_vec();
    start.extend(header.as_bytes());
    start.resize(reader.next_piece().unwrap().end as usize, 0xff);
    reader.feed(&start);
    assert_eq!(reader.next_piece(), None);
    let given = reader.finish();
    let Some(Subject::Model(file)) = given.subject(Units::Binary) else { panic!("{given:?}") };
    assert!(matches!(&**file, ModelFile::Tensors(checkpoint) if checkpoint.tensors == 1));
}

#[test]
fn progress_is_a_percentage_of_what_is_read() {
    let mut reader = GivenReader::new("", 40 << 20);
    reader.feed(&vec![b'x'; 4 << 20]);
    assert_eq!(reader.progress(), "10\nReading 41 MB.");
    while let Some(piece) = reader.next_piece() {
        reader.feed(&vec![b'x'; (piece.end - piece.start) as usize]);
    }
    assert_eq!(reader.progress(), "100\nAll 41 MB were read.");
}

#[test]
fn files_of_a_model_are_read_together() {
    let types = br#"{"quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8"}}"#;
    let files = [("hf_quant_config.json", &types[..]), ("empty.txt", b""), ("config.json", CONFIG.as_bytes())];
    let given = Given::of_files(&files);
    let Some(Subject::Model(file)) = given.subject(Units::Binary) else { panic!("{given:?}") };
    assert_eq!(file.model().unwrap().checkpoint.precisions.main().name(), "NVFP4");
    let html = answer_text("panel=file&file=2%20files", &given);
    assert!(
        html.contains("Use this model") && html.contains("m.stored%3DNVFP4") | html.contains("m.stored=NVFP4"),
        "{html}"
    );
    // A log beside a model's files does not count, and of two logs one must be chosen.
    let beside = Given::of_files(&[("config.json", CONFIG.as_bytes()), ("serve.log", FAILED.as_bytes())]);
    assert!(matches!(beside.subject(Units::Binary), Some(Subject::Model(_))), "{beside:?}");
    let logs = Given::of_files(&[("a.log", FAILED.as_bytes()), ("b.log", FAILED.as_bytes())]);
    let html = answer_text("panel=file&file=logs", &logs);
    assert!(html.contains("A log is read alone: give a.log"), "{html}");
}
