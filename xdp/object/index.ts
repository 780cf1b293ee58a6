/** Object files: ELF, maps, relocations, BTF -> ObjectSpec. */
export type * from "./spec.js";
export { ObjectError } from "./error.js";
export { loadObject } from "./load.js";
export { mapTypeName } from "./map_type.js";
export { sectionType } from "./section_type.js";
export type { SectionType } from "./section_type.js";
export { resolveType, resolved, sizeOfType, typeName, typeOf } from "./btf_types.js";
