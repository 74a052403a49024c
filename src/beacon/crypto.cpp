#include "beacon/crypto.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace exitgate::beacon {
namespace {

constexpr std::string_view kBeaconSalt = "exitgate-beacon-v1";
constexpr std::string_view kPassDomain = "exitgate-pass-v1";

struct Free {
  void operator()(EVP_MAC_CTX* ctx) const { EVP_MAC_CTX_free(ctx); }
  void operator()(EVP_MD_CTX* ctx) const { EVP_MD_CTX_free(ctx); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// HMAC-SHA-256 whose key can be kept between messages.
class Hmac {
 public:
  Hmac() {
    // Fetched once per process: fetching takes a lock and a search through the providers.
    static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
    EXITGATE_CHECK(algorithm != nullptr);
    ctx_.reset(EVP_MAC_CTX_new(algorithm));
    EXITGATE_CHECK(ctx_ != nullptr);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    EXITGATE_CHECK(EVP_MAC_CTX_set_params(ctx_.get(), params) == 1);
  }

  void begin(std::span<const std::uint8_t> key) {
    EXITGATE_CHECK(EVP_MAC_init(ctx_.get(), key.data(), key.size(), nullptr) == 1);
  }
  void begin_with_same_key() { EXITGATE_CHECK(EVP_MAC_init(ctx_.get(), nullptr, 0, nullptr) == 1); }
  void add(std::span<const std::uint8_t> bytes) {
    EXITGATE_CHECK(EVP_MAC_update(ctx_.get(), bytes.data(), bytes.size()) == 1);
  }
  Key end() {
    Key digest{};
    std::size_t size = 0;
    EXITGATE_CHECK(EVP_MAC_final(ctx_.get(), digest.data(), &size, digest.size()) == 1 && size == digest.size());
    return digest;
  }

 private:
  Owned<EVP_MAC_CTX> ctx_;
};

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// RFC 5869 2.2.
Key hkdf_extract(const Key& store_key) {
  Hmac hmac;
  hmac.begin(as_bytes(kBeaconSalt));
  hmac.add(store_key);
  return hmac.end();
}

/// RFC 5869 2.3 for one block: 32 bytes are asked for and SHA-256 gives 32. `hmac` is keyed with the extracted key.
Key hkdf_expand(Hmac& hmac, CartId cart_id) {
  const std::array<std::uint8_t, 5> info{
      static_cast<std::uint8_t>(cart_id >> 24), static_cast<std::uint8_t>(cart_id >> 16),
      static_cast<std::uint8_t>(cart_id >> 8), static_cast<std::uint8_t>(cart_id), 1};
  hmac.begin_with_same_key();
  hmac.add(info);
  return hmac.end();
}

/// `domain` ‖ store id ‖ 0x00: what stands before the fields in MACs (no domain) and signatures.
Bytes store_prefix(std::string_view domain, std::string_view store_id) {
  Bytes prefix;
  if (!domain.empty()) {
    prefix.assign(domain.begin(), domain.end());
    prefix.push_back(0);
  }
  prefix.insert(prefix.end(), store_id.begin(), store_id.end());
  prefix.push_back(0);
  return prefix;
}

}  // namespace

Key derive_cart_key(const Key& store_key, CartId cart_id) {
  Hmac hmac;
  hmac.begin(hkdf_extract(store_key));
  return hkdf_expand(hmac, cart_id);
}

PresenceBytes encode_presence(const Presence& presence, std::string_view store_id, const Key& cart_key) {
  const auto head = presence_head(presence);
  const auto mac = MacEngine(store_id, {}).mac(cart_key, head);
  PresenceBytes frame{};
  std::copy(mac.begin(), mac.end(), std::copy(head.begin(), head.end(), frame.begin()));
  return frame;
}

PassBytes sign_pass(const Pass& pass, std::string_view store_id, const Key& private_key) {
  const auto head = pass_head(pass);
  Bytes message = store_prefix(kPassDomain, store_id);
  message.insert(message.end(), head.begin(), head.end());
  const Owned<EVP_PKEY> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, private_key.data(), private_key.size()));
  const Owned<EVP_MD_CTX> ctx(EVP_MD_CTX_new());
  EXITGATE_CHECK(key && ctx && EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  PassBytes payload{};
  std::copy(head.begin(), head.end(), payload.begin());
  std::size_t size = kPassSize - kPassSignedSize;
  EXITGATE_CHECK(EVP_DigestSign(ctx.get(), &payload[kPassSignedSize], &size, message.data(), message.size()) == 1);
  return payload;
}

Key derive_public_key(const Key& private_key) {
  const Owned<EVP_PKEY> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, private_key.data(), private_key.size()));
  Key public_key{};
  std::size_t size = public_key.size();
  EXITGATE_CHECK(key && EVP_PKEY_get_raw_public_key(key.get(), public_key.data(), &size) == 1);
  return public_key;
}

struct MacEngine::Contexts {
  Bytes prefix;
  std::vector<Hmac> expanders;  ///< one per store key, keyed with its extracted key
  Hmac scratch;
};

MacEngine::MacEngine(std::string_view store_id, std::span<const Key> store_keys)
    : contexts_(std::make_unique<Contexts>()) {
  contexts_->prefix = store_prefix({}, store_id);
  for (const auto& store_key : store_keys) contexts_->expanders.emplace_back().begin(hkdf_extract(store_key));
}
MacEngine::~MacEngine() = default;
MacEngine::MacEngine(MacEngine&&) noexcept = default;
MacEngine& MacEngine::operator=(MacEngine&&) noexcept = default;

std::size_t MacEngine::store_key_count() const { return contexts_->expanders.size(); }

Key MacEngine::cart_key(std::size_t store_key, CartId cart_id) {
  return hkdf_expand(contexts_->expanders[store_key], cart_id);
}

Mac MacEngine::mac(const Key& cart_key, std::span<const std::uint8_t, kPresenceSignedSize> head) {
  contexts_->scratch.begin(cart_key);
  contexts_->scratch.add(contexts_->prefix);
  contexts_->scratch.add(head);
  const Key digest = contexts_->scratch.end();
  Mac mac{};
  std::copy_n(digest.begin(), mac.size(), mac.begin());
  return mac;
}

bool MacEngine::fits(const Key& cart_key, std::span<const std::uint8_t, kPresenceSize> frame) {
  const auto expected = mac(cart_key, frame.first<kPresenceSignedSize>());
  return CRYPTO_memcmp(expected.data(), &frame[kPresenceSignedSize], expected.size()) == 0;
}

struct SignatureEngine::Contexts {
  Bytes message;  ///< prefix, then room for the signed bytes
  std::size_t prefix_size = 0;
};

SignatureEngine::SignatureEngine(std::string_view store_id) : contexts_(std::make_unique<Contexts>()) {
  contexts_->message = store_prefix(kPassDomain, store_id);
  contexts_->prefix_size = contexts_->message.size();
  contexts_->message.resize(contexts_->prefix_size + kPassSignedSize);
}
SignatureEngine::~SignatureEngine() = default;
SignatureEngine::SignatureEngine(SignatureEngine&&) noexcept = default;
SignatureEngine& SignatureEngine::operator=(SignatureEngine&&) noexcept = default;

bool SignatureEngine::fits(const Key& public_key, std::span<const std::uint8_t, kPassSize> payload) {
  auto& message = contexts_->message;
  std::copy_n(payload.begin(), kPassSignedSize, message.begin() + static_cast<std::ptrdiff_t>(contexts_->prefix_size));
  const Owned<EVP_PKEY> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size()));
  const Owned<EVP_MD_CTX> ctx(EVP_MD_CTX_new());
  EXITGATE_CHECK(key && ctx && EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  return EVP_DigestVerify(ctx.get(), &payload[kPassSignedSize], kPassSize - kPassSignedSize, message.data(),
                          message.size()) == 1;
}

}  // namespace exitgate::beacon
