#include "backend/tls_identity.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>

#include "backend/tls_backend_link.hpp"
#include "base/check.hpp"

namespace exitgate {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::size_t kSessionsMax = 8;

struct TicketTold {
  void (*call)(void*) = nullptr;
  void* argument = nullptr;
};

int identity_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}
void free_told(void*, void* told, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<TicketTold*>(told); }
int told_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_told);
  return index;
}

/// A key under a passphrase must not stop the loop at a terminal prompt.
int no_passphrase(char*, int, int, void*) { return 0; }

std::string openssl_reason() {
  const unsigned long code = ERR_peek_error();
  std::array<char, 200> text{};
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return code == 0 ? "no further detail" : text.data();
}

Status readable(const std::string& path, std::string_view what) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) {
    const std::string why = std::generic_category().message(errno);
    return fail("backend_files", path + ": the " + std::string(what) + " cannot be read: " + why +
                                     "; check the path in [backend] and that the service user may read it");
  }
  std::fclose(file);
  return {};
}

Status load_files(SSL_CTX* context, const TlsFiles& files) {
  for (const auto& [path, what] :
       {std::pair{files.ca_file, "CA file"}, std::pair{files.certificate_file, "certificate"},
        std::pair{files.private_key_file, "private key"}}) {
    if (auto status = readable(path, what); !status) return status;
  }
  if (SSL_CTX_load_verify_file(context, files.ca_file.c_str()) != 1) {
    return fail("backend_files", files.ca_file + ": no certificate authority in PEM form: " + openssl_reason());
  }
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate_file.c_str()) != 1) {
    return fail("backend_files", files.certificate_file + ": no certificate in PEM form: " + openssl_reason());
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.private_key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail("backend_files", files.private_key_file + ": no private key of " + files.certificate_file +
                                     " in PEM form without passphrase: " + openssl_reason());
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return fail("backend_files", files.private_key_file + ": not the private key of " + files.certificate_file);
  }
  return {};
}

std::string stamp_of(const TlsFiles& files) {
  std::string stamp;
  for (const auto* path : {&files.ca_file, &files.certificate_file, &files.private_key_file}) {
    struct stat info {};
    if (::stat(path->c_str(), &info) != 0) {
      stamp += "-;";
      continue;
    }
    stamp += std::to_string(info.st_ino) + "," + std::to_string(info.st_size) + "," +
             std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + ";";
  }
  return stamp;
}

}  // namespace

TlsIdentity::TlsIdentity() : context_(std::make_unique<ssl::context>(ssl::context::tls_client)) {}

TlsIdentity::~TlsIdentity() {
  // Connections may hold the context longer than this.
  SSL_CTX_set_ex_data(context_->native_handle(), identity_index(), nullptr);
  forget_sessions();
}

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::load(const TlsFiles& files) {
  std::shared_ptr<TlsIdentity> identity(new TlsIdentity);
  SSL_CTX* context = identity->context_->native_handle();
  ERR_clear_error();
  EXITGATE_CHECK(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1);
  EXITGATE_CHECK(SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_ex_data(context, identity_index(), identity.get());
  SSL_CTX_sess_set_new_cb(context, &TlsIdentity::take_ticket);
  if (auto status = load_files(context, files); !status) return fail(status.error());
  return identity;
}

bool TlsIdentity::prepare(SSL* connection, const std::string& host, void (*on_ticket)(void*), void* argument) {
  boost::system::error_code no_address;
  boost::asio::ip::make_address(host, no_address);
  X509_VERIFY_PARAM* verify = SSL_get0_param(connection);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (no_address) {
    EXITGATE_CHECK(X509_VERIFY_PARAM_set1_host(verify, host.c_str(), host.size()) == 1);
    SSL_set_tlsext_host_name(connection, host.c_str());
  } else {
    EXITGATE_CHECK(X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) == 1);
  }
  SSL_set_ex_data(connection, told_index(), new TicketTold{on_ticket, argument});
  SSL_SESSION* session = pop_session();
  if (session == nullptr) return false;
  SSL_set_session(connection, session);
  SSL_SESSION_free(session);
  return true;
}

int TlsIdentity::take_ticket(SSL* connection, SSL_SESSION* session) {
  const SSL_CTX* context = SSL_get_SSL_CTX(connection);
  if (auto* identity = static_cast<TlsIdentity*>(SSL_CTX_get_ex_data(context, identity_index()))) {
    // A copy: the connection marks its own as not to be resumed when it ends without a goodbye.
    if (SSL_SESSION* copy = SSL_SESSION_dup(session)) identity->sessions_.push_back(copy);
    if (identity->sessions_.size() > kSessionsMax) {
      SSL_SESSION_free(identity->sessions_.front());
      identity->sessions_.erase(identity->sessions_.begin());
    }
  }
  const auto* told = static_cast<TicketTold*>(SSL_get_ex_data(connection, told_index()));
  if (told != nullptr && told->call != nullptr) told->call(told->argument);
  return 0;
}

SSL_SESSION* TlsIdentity::pop_session() {
  while (!sessions_.empty()) {
    SSL_SESSION* session = sessions_.back();
    sessions_.pop_back();
    // Resumption does not look at the certificate again, so an expired one must not live on in it.
    const X509* peer = SSL_SESSION_get0_peer(session);
    if (SSL_SESSION_is_resumable(session) == 1 && peer != nullptr &&
        X509_cmp_current_time(X509_get0_notAfter(peer)) > 0) {
      return session;
    }
    SSL_SESSION_free(session);
  }
  return nullptr;
}

void TlsIdentity::forget_sessions() {
  for (SSL_SESSION* session : sessions_) SSL_SESSION_free(session);
  sessions_.clear();
}

Result<std::shared_ptr<TlsIdentity>> TlsIdentities::current() {
  // Three stat() calls on local files per connection; the files are read only when one of them has changed.
  std::string stamp = stamp_of(files_);
  if (identity_ && stamp == stamp_) return identity_;
  auto loaded = TlsIdentity::load(files_);
  if (!loaded) return loaded;
  identity_ = *loaded;
  stamp_ = std::move(stamp);
  return loaded;
}

Result<WallTime> certificate_not_after(const std::string& path) {
  if (auto status = readable(path, "certificate"); !status) return fail(status.error());
  ERR_clear_error();
  const std::unique_ptr<BIO, int (*)(BIO*)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      file ? PEM_read_bio_X509(file.get(), nullptr, no_passphrase, nullptr) : nullptr, X509_free);
  std::tm calendar{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &calendar) != 1) {
    return fail("backend_files", path + ": no certificate in PEM form: " + openssl_reason());
  }
  return wall_from_s(::timegm(&calendar));
}

}  // namespace exitgate
