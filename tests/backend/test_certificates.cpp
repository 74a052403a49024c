#include "test_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace exitgate::testing {
namespace {

void must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("test certificates: ") + what);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* new_certificate(const CertificateWish& wish, EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  std::uint64_t serial = 0;
  must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "random serial");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), static_cast<long>(wish.begins.count()));
  X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(wish.ends.count()));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate, key);
  return certificate;
}

void write_pem(const std::string& path, X509* certificate, EVP_PKEY* key) {
  // Complete before it bears its name: whoever looks at the file meanwhile must not find half of it.
  const std::string fresh = path + ".new";
  BIO* file = BIO_new_file(fresh.c_str(), "w");
  must(file != nullptr, path.c_str());
  must((certificate == nullptr || PEM_write_bio_X509(file, certificate) == 1) &&
           (key == nullptr || PEM_write_bio_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1),
       path.c_str());
  BIO_free(file);
  std::filesystem::rename(fresh, path);
}

}  // namespace

CertificateMaker::CertificateMaker(std::filesystem::path folder, const std::string& name) : folder_(std::move(folder)) {
  key_ = EVP_EC_gen("P-256");
  certificate_ = new_certificate({.common_name = name}, key_);
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  add_extension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate_, certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  must(X509_sign(certificate_, key_, EVP_sha256()) > 0, "signing the authority");
  ca_file_ = (folder_ / (name + "-ca.pem")).string();
  write_pem(ca_file_, certificate_, nullptr);
}

CertificateMaker::~CertificateMaker() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

CertificateFiles CertificateMaker::issue(const std::string& name, const CertificateWish& wish) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = new_certificate(wish, key);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  add_extension(certificate, certificate_, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate, certificate_, NID_ext_key_usage, "serverAuth,clientAuth");
  if (!wish.alternative_names.empty())
    add_extension(certificate, certificate_, NID_subject_alt_name, wish.alternative_names);
  must(X509_sign(certificate, key_, EVP_sha256()) > 0, "signing");
  const CertificateFiles files{(folder_ / (name + ".pem")).string(), (folder_ / (name + ".key")).string()};
  write_pem(files.certificate, certificate, nullptr);
  write_pem(files.private_key, nullptr, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace exitgate::testing
