#include "many.h"

/* What every build of Node exports; weak, so that one that does not still loads the addon. The state of OpenSSL takes 112 bytes. */
extern int SHA256_Init(void *state) __attribute__((weak));
extern int SHA256_Update(void *state, const void *bytes, size_t length) __attribute__((weak));
extern int SHA256_Final(unsigned char *digest, void *state) __attribute__((weak));

int can_hash(void) { return SHA256_Init != NULL && SHA256_Update != NULL && SHA256_Final != NULL; }

void hash_begin(struct hash *hash) { SHA256_Init(hash->state); }

void hash_add(struct hash *hash, const void *bytes, size_t length) { SHA256_Update(hash->state, bytes, length); }

void hash_end(struct hash *hash, unsigned char *digest) { SHA256_Final(digest, hash->state); }
