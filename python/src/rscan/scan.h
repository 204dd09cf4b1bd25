/* The safety scan of serialized R data: what may be handed to unserialize(). */
#ifndef CROSSFRAME_SCAN_H
#define CROSSFRAME_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* Type codes: R Internals, "Serialization Formats"; the upper ones stand in serialize.c (R 4.2). */
enum {
  CODE_NIL = 0,
  CODE_SYMBOL = 1,
  CODE_PAIRLIST = 2,
  CODE_CLOSURE = 3,
  CODE_ENVIRONMENT = 4,
  CODE_PROMISE = 5,
  CODE_CALL = 6,
  CODE_SPECIAL = 7,
  CODE_BUILTIN = 8,
  CODE_CHAR = 9,
  CODE_LOGICAL = 10,
  CODE_INTEGER = 13,
  CODE_DOUBLE = 14,
  CODE_COMPLEX = 15,
  CODE_STRING = 16,
  CODE_DOTS = 17,
  CODE_LIST = 19,
  CODE_EXPRESSION = 20,
  CODE_BYTECODE = 21,
  CODE_POINTER = 22,
  CODE_WEAK_REFERENCE = 23,
  CODE_RAW = 24,
  CODE_S4 = 25,
  CODE_ALTREP = 238,
  CODE_ATTR_CALL = 240,
  CODE_BASE_ENV = 241,
  CODE_EMPTY_ENV = 242,
  CODE_BYTECODE_REP = 243,
  CODE_BYTECODE_DEF = 244,
  CODE_PERSISTENT = 247,
  CODE_PACKAGE = 248,
  CODE_NAMESPACE = 249,
  CODE_BASE_NAMESPACE = 250,
  CODE_MISSING_ARG = 251,
  CODE_UNBOUND = 252,
  CODE_GLOBAL_ENV = 253,
  CODE_NIL_VALUE = 254,
  CODE_REFERENCE = 255
};

enum { HAS_ATTRIBUTES = 1 << 9, HAS_TAG = 1 << 10 };

/* Lists in lists and the cells of a pairlist: unserialize() recurses on both, and near 20,000 it
   leaves no room on a C stack of 8 MB. */
enum { SCAN_DEPTH_LIMIT = 16000 };
/* Refused items that a full report names; more are only counted. */
enum { SCAN_REFUSED_LIMIT = 100 };
/* Objects that a report describes, and formulas that it names. */
enum { SCAN_OBJECT_LIMIT = 1000, SCAN_FORMULA_LIMIT = 100 };

enum { SCAN_TEXT = 200, SCAN_TRAIL = 400 };

typedef enum { SCAN_SAFE, SCAN_DAMAGED, SCAN_UNSAFE } scan_status;

typedef struct {
  char what[SCAN_TEXT];
  char trail[SCAN_TRAIL];
  size_t offset;
} scan_finding;

/* What a file holds: its value, or each object of an RData. */
typedef struct {
  char name[SCAN_TEXT];
  char class[SCAN_TEXT]; /* joined by "/"; empty without the attribute */
  int type;              /* a code */
  double length;         /* -1 where it is not told before the value's end */
} scan_object;

/* Where the words of one of the three formats are taken from: 'X' (XDR), 'A' (ASCII), 'B' (native). */
typedef struct {
  const uint8_t *data;
  size_t size;
  size_t at;
  char format;
} scan_reader;

/* What may be referred to by number later on: a symbol's name, or nothing where no symbol. */
typedef struct {
  size_t name;
  size_t length;
  int is_symbol;
} scan_reference;

typedef enum {
  STEP_ELEMENTS,      /* the elements of a list or the items of an object that is read as such */
  STEP_ATTRIBUTES,    /* the attributes that follow a vector */
  STEP_CELL,          /* attributes and tag of a pairlist's cell */
  STEP_CELL_TAG,      /* ... its tag, after attributes */
  STEP_CELL_VALUE,    /* ... its value */
  STEP_CELL_NEXT,     /* ... the cell after it, or the end */
  STEP_ALTREP_STATE,  /* the state of a base ALTREP class */
  STEP_ALTREP_SOURCE, /* the vector in that state has been read; what describes it follows */
  STEP_DONE
} scan_step;

typedef struct {
  scan_step step;
  int type;
  int flags;         /* flag word of the object, or of a pairlist's current cell */
  int is_attributes; /* a pairlist that holds attributes */
  int is_refused;    /* a full report goes on inside it */
  int formula_class; /* a call: its class is "formula" ... */
  int formula_home;  /* ... and its environment global, base or empty */
  size_t owner;      /* of attributes: index of the frame they belong to, plus one; 0: of a vector */
  uint64_t index;
  uint64_t length;
  size_t tag; /* reference number of the current cell's tag, 0 without one */
  size_t offset;
} scan_frame;

typedef struct {
  scan_reader in;
  scan_frame *stack;
  size_t depth, stack_room;
  size_t cells; /* open cells of open pairlists */
  scan_reference *references;
  size_t reference_count, reference_room;
  int open_calls;
  int open_refused;
  int full_report;
  int last_type; /* of the vector read last, and its length */
  uint64_t last_length;
  int version;
  int complete;
  int counts[256];
  scan_status status;
  scan_finding finding; /* the first damage, or the first refused item */
  scan_finding *refused;
  int refused_count;
  size_t item_offset;
  /* NULL where not asked for; depth of the stack at which an object begins: 0, in an RData 1 */
  scan_object *objects;
  int object_count;
  size_t object_depth;
  scan_finding *formulas;
  int formula_count;
} scan_state;

/* scan-reader.c; each answers 0 where the bytes do not hold it and leaves `at` where it began */
int scan_read_int(scan_reader *in, int32_t *value);
int scan_skip_numbers(scan_reader *in, int type, uint64_t count);
int scan_read_text(scan_reader *in, size_t length, size_t *start);
int scan_text_is(const scan_reader *in, size_t start, size_t length, const char *text);
int scan_three_doubles(const scan_reader *in, size_t at, double *values);

/* scan.c: 1 where the bytes are safe; what was found stands in the state */
int scan_run(scan_state *state);

#endif
