"""Machine code from the LLVM IR of kernels, for any target: position-independent objects that a linker makes one of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .library import exported
from .targets import LEVEL, Target


def object_code(ir: str, symbol: str, kernel: str, variant: str, target: Target) -> bytes:
    """Return the object file of a kernel's variant; ``symbol``: the function in ``ir`` that C can call."""
    module, machine = _parsed(ir, target, variant)
    for one in (*module.functions, *module.global_variables):
        if one.is_declaration:
            continue
        if one.name == symbol:
            one.name = exported(kernel, variant)
            one.linkage = "external"
            if target.library.endswith(".dll"):
                one.storage_class = "dllexport"
        else:
            # So that what two kernels share does not clash, and what is inlined everywhere is not kept.
            one.linkage = "internal"
    return _emitted(module, machine)


def supporting_code(irs: Iterable[str], target: Target) -> bytes:
    """Return the object file with all that the library needs beside the kernels.

    Error paths of kernels name functions of Numba and of Python. No kernel raises anything, so none is ever called;
    in kernels that check every index, they are, and the process ends.
    """
    functions, data = set[str](), set[str]()
    for ir in irs:
        functions.update(re.findall(r"^declare [^@\n]*@((?:numba_|NRT_|_?Py)\w+)\(", ir, re.MULTILINE))
        data.update(re.findall(r"^@((?:numba_|NRT_|_?Py)\w+) = external ", ir, re.MULTILINE))
    dll = target.library.endswith(".dll")
    hidden, export = ("", "dllexport ") if dll else ("hidden ", "")
    lines = [
        f"define {export}i32 @{LEVEL}() {{",
        *(_X86_LEVEL if target.triple.startswith("x86_64") else ["  ret i32 1"]),
        "}",
        *(f"@{name} = {hidden}global ptr null" for name in sorted(data)),
        *(f"define {hidden}void @{name}() {{\n  call void @left()\n  unreachable\n}}" for name in sorted(functions)),
        rf'@message = internal constant [{len(MESSAGE)} x i8] c"{MESSAGE[:-1]}\0A"',
        "define internal void @left() noreturn noinline {",
        f"  call i64 @write(i32 2, ptr @message, i64 {len(MESSAGE)})",
        "  call void @abort()",
        "  unreachable",
        "}",
        "declare i64 @write(i32, ptr, i64)",
        "declare void @abort() noreturn",
    ]
    return _emitted(*_parsed("\n".join(lines), target, target.variants[0]))


MESSAGE = "a compiled kernel left an array\n"


def _cpuid(leaf: int) -> str:
    return (
        "call { i32, i32, i32, i32 } asm sideeffect "
        f'"cpuid", "={{ax}},={{bx}},={{cx}},={{dx}},{{ax}},{{cx}},~{{dirflag}},~{{fpsr}},~{{flags}}"(i32 {leaf}, i32 0)'
    )


def _bits(*numbers: int) -> int:
    mask = sum(1 << one for one in numbers)
    return mask - (1 << 32) if mask >> 31 else mask


# What the psABI of x86-64 asks for each level; of leaf 1, ecx: v2 has SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT
# and v3 FMA, MOVBE, OSXSAVE, AVX, F16C; of leaf 7, ebx: BMI1, AVX2, BMI2; of leaf 0x80000001, ecx: LAHF, LZCNT. What
# the system saves of registers at a switch is in XCR0.
_V2, _V3 = _bits(0, 9, 13, 19, 20, 23), _bits(12, 22, 27, 28, 29)
_X86_LEVEL = [
    f"  %l0 = {_cpuid(0)}",
    "  %leaves = extractvalue { i32, i32, i32, i32 } %l0, 0",
    f"  %l1 = {_cpuid(1)}",
    "  %c1 = extractvalue { i32, i32, i32, i32 } %l1, 2",
    f"  %le = {_cpuid(_bits(0, 31))}",
    "  %ce = extractvalue { i32, i32, i32, i32 } %le, 2",
    f"  %m2 = and i32 %c1, {_V2}",
    f"  %h2 = icmp eq i32 %m2, {_V2}",
    "  %lahf = trunc i32 %ce to i1",
    "  %v2 = and i1 %h2, %lahf",
    "  br i1 %v2, label %two, label %none",
    "none:",
    "  ret i32 0",
    "two:",
    f"  %m3 = and i32 %c1, {_V3}",
    f"  %h3 = icmp eq i32 %m3, {_V3}",
    f"  %mz = and i32 %ce, {_bits(5)}",
    "  %hz = icmp ne i32 %mz, 0",
    "  %leaf7 = icmp uge i32 %leaves, 7",
    "  %h3z = and i1 %h3, %hz",
    "  %more = and i1 %h3z, %leaf7",
    "  br i1 %more, label %ask, label %one",
    "one:",
    "  ret i32 1",
    "ask:",
    f"  %l7 = {_cpuid(7)}",
    "  %b7 = extractvalue { i32, i32, i32, i32 } %l7, 1",
    f"  %m7 = and i32 %b7, {_bits(3, 5, 8)}",
    f"  %h7 = icmp eq i32 %m7, {_bits(3, 5, 8)}",
    '  %x = call { i32, i32 } asm sideeffect "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}"(i32 0)',
    "  %xcr0 = extractvalue { i32, i32 } %x, 0",
    "  %mx = and i32 %xcr0, 6",
    "  %hx = icmp eq i32 %mx, 6",
    "  %v3 = and i1 %h7, %hx",
    "  %level = select i1 %v3, i32 2, i32 1",
    "  ret i32 %level",
]


def _parsed(ir: str, target: Target, cpu: str) -> tuple[Any, Any]:
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    llvm.initialize_native_asmparser()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=cpu, features="", opt=3, reloc="pic", codemodel="small"
    )
    # A context of its own: several threads do this.
    module = llvm.parse_assembly(ir, llvm.create_context())
    module.triple = target.triple
    module.data_layout = str(machine.target_data)
    return module, machine


def _emitted(module: Any, machine: Any) -> bytes:
    import llvmlite.binding as llvm

    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    code: bytes = machine.emit_object(module)
    return code
