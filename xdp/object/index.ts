/** Object files: ELF, maps, relocations, BTF -> ObjectSpec. */
export type * from "./spec.js";
export { ObjectError } from "./error.js";
export { loadObject } from "./load.js";
export { mapTypeName } from "./map_type.js";
export { sectionType } from "./section_type.js";
export type { SectionType } from "./section_type.js";
export { resolveType, resolved, sizeOfType, typeName, typeOf } from "./btf_types.js";
export { BtfValueError, formatValue, parseValue } from "./btf_values.js";
export type { Json } from "./btf_values.js";
export { requireResolved, selectProgram } from "./select.js";
export type { SelectOptions } from "./select.js";
export { summarizeObject, summarizeProgram } from "./summarize.js";
export type { MapSummary, ObjectSummary, ProgramSummary } from "./summarize.js";
export type { BtfTarget } from "./core_target.js";
export { specTarget } from "./core_target.js";
export { btfTarget, kernelTarget } from "./target_file.js";
export { relocateCore } from "./relocate_core.js";
