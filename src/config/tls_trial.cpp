#include "config/tls_trial.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <new>

namespace exitgate::config {
namespace {

/// A key under a passphrase must not ask for it at a terminal; that it would have is told.
int no_passphrase(char*, int, int, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return 0;
}

/// Of what OpenSSL has told: the first says what went wrong, later ones where it passed.
Status refusal(const std::string& file) {
  const unsigned long code = ERR_peek_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  const bool absent = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  if (absent) return fail("absent", file);
  return fail("unusable", file + ": " + (reason == nullptr ? "not readable by OpenSSL" : reason));
}

}  // namespace

void TlsTrial::Release::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsTrial::TlsTrial() : context_(SSL_CTX_new(TLS_method())) {
  if (!context_) throw std::bad_alloc();
  SSL_CTX_set_default_passwd_cb(context_.get(), no_passphrase);
}
TlsTrial::~TlsTrial() = default;

Status TlsTrial::take(PemKind kind, const std::filesystem::path& path) {
  const std::string file = path.string();
  ERR_clear_error();
  switch (kind) {
    case PemKind::kCertificate:
      if (SSL_CTX_use_certificate_chain_file(context_.get(), file.c_str()) != 1) return refusal(file);
      certificate_ = file;
      return {};
    case PemKind::kAuthorities:
      return SSL_CTX_load_verify_file(context_.get(), file.c_str()) == 1 ? Status{} : refusal(file);
    case PemKind::kPrivateKey:
      break;
  }
  return take_private_key(file);
}

Status TlsTrial::take_private_key(const std::string& file) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_file(file.c_str(), "r"), &BIO_free);
  bool asked = false;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      in ? PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, &asked) : nullptr, &EVP_PKEY_free);
  if (!key && asked) {
    ERR_clear_error();
    return fail("unusable", file + ": it is under a passphrase, which nobody can give");
  }
  if (!key) return refusal(file);
  if (certificate_.empty()) return {};
  if (SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1 && SSL_CTX_check_private_key(context_.get()) == 1) {
    return {};
  }
  ERR_clear_error();
  return fail("another_certificate", file + ", which is not that of " + certificate_);
}

}  // namespace exitgate::config
