#include "http/tls_context.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/context.hpp>

namespace exitgate::http {
namespace ssl = boost::asio::ssl;

std::vector<std::string> certificate_names(const std::string& certificate_file) {
  std::vector<std::string> names;
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(certificate_file.c_str(), "r"), &BIO_free);
  if (!file) return names;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
  if (!certificate) return names;
  auto* const list =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(list); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(list, i);
    if (name->type != GEN_DNS) continue;
    const auto* const text = ASN1_STRING_get0_data(name->d.dNSName);
    names.emplace_back(reinterpret_cast<const char*>(text),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  GENERAL_NAMES_free(list);
  return names;
}

TlsContext::TlsContext(std::unique_ptr<ssl::context> context) : context_(std::move(context)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::load(const TlsSettings& settings) {
  boost::system::error_code error;
  const auto bad_file = [&](const char* what, const std::string& file) {
    return fail("tls_files", std::string("The ") + what + " " + file + " can't be used: " + error.message() +
                                 ". Check that the file exists, is readable by this user and is PEM");
  };
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, settings.tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  context->use_certificate_chain_file(settings.certificate_file, error);
  if (error) return bad_file("certificate", settings.certificate_file);
  context->use_private_key_file(settings.private_key_file, ssl::context::pem, error);
  if (error) return bad_file("private key", settings.private_key_file);
  if (SSL_CTX_check_private_key(native) != 1) {
    return fail("tls_files", "The private key " + settings.private_key_file + " is not that of the certificate " +
                                 settings.certificate_file);
  }
  if (!settings.client_ca_file.empty()) {
    context->load_verify_file(settings.client_ca_file, error);
    if (error) return bad_file("client CA", settings.client_ca_file);
    if (auto* names = SSL_load_client_CA_file(settings.client_ca_file.c_str()))
      SSL_CTX_set_client_CA_list(native, names);
    context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  }
  // Without it resumption fails as soon as client certificates are asked for (SSL_CTX_set_session_id_context(3)).
  static constexpr unsigned char kSessionContext[] = "exitgate";
  SSL_CTX_set_session_id_context(native, kSessionContext, sizeof kSessionContext - 1);
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(context)));
}

}  // namespace exitgate::http
