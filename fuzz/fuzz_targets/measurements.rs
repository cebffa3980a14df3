#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trtllm_memory_fuzz::measurements(bytes));
