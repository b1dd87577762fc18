// A model plugin for Gazebo Classic 11 through which one program drives a robot: it steps the world or lets it run, sends
// velocity set-points, and receives joint states and camera images. It serves only the tests and the training of this project;
// modern Gazebo has systems of its own for this.
//
//   <plugin name="jepa_mpc_arm" filename="libjepa_mpc_arm.so">
//     <socket>/path</socket>  <camera>camera</camera>  <joint>shoulder</joint> ...  <state_period>0.01</state_period>
//   </plugin>

#include <gazebo/common/Plugin.hh>
#include <gazebo/physics/physics.hh>

#include <atomic>
#include <csignal>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

#include "arm.hh"
#include "studio.hh"
#include "wire.hh"

namespace jepa_mpc
{
namespace
{
/// How often a paused world checks for steps to make, in Hz.
constexpr double kWaitingRate = 1000;
}  // namespace

class ArmPlugin : public gazebo::ModelPlugin
{
public:
  ~ArmPlugin() override
  {
    if (this->connection_)
      this->connection_->shut();
    if (this->server_.joinable())
      this->server_.detach();
  }

  void Load(gazebo::physics::ModelPtr model, sdf::ElementPtr sdf) override
  {
    std::vector<std::string> joints;
    for (auto element = sdf->GetElement("joint"); element; element = element->GetNextElement("joint"))
      joints.push_back(element->Get<std::string>());
    this->world_ = model->GetWorld();
    this->world_->Physics()->SetRealTimeUpdateRate(kWaitingRate);
    this->arm_ = std::make_unique<Arm>(model, joints);
    this->studio_ = std::make_unique<Studio>(sdf->Get<std::string>("camera"));
    this->statePeriod_ = gazebo::common::Time(sdf->Get<double>("state_period"));
    const auto socket = sdf->Get<std::string>("socket");
    this->updateBegin_ = gazebo::event::Events::ConnectWorldUpdateBegin(
        [this](const gazebo::common::UpdateInfo &) { this->arm_->actuate(); });
    this->updateEnd_ = gazebo::event::Events::ConnectWorldUpdateEnd([this] { this->publishState(); });
    this->server_ = std::thread([this, socket] { this->serve(socket); });
  }

private:
  void serve(const std::string &socket)
  {
    this->connection_ = std::make_unique<Connection>(socket);
    Header header;
    std::vector<std::uint8_t> body;
    while (this->connection_->receive(header, body))
    {
      try
      {
        this->answer(header, body);
      }
      catch (const std::exception &error)
      {
        const std::string text = error.what();
        this->connection_->send(Kind::Failure, header.number, {text.begin(), text.end()});
      }
    }
    // The program that drove this server has disconnected.
    std::raise(SIGINT);
  }

  void answer(const Header &header, const std::vector<std::uint8_t> &body)
  {
    auto *mutex = this->world_->Physics()->GetPhysicsUpdateMutex();
    switch (header.kind)
    {
      case Kind::SetPoint:
      {
        const boost::recursive_mutex::scoped_lock lock(*mutex);
        this->arm_->follow(this->values(body));
        return;
      }
      case Kind::Step:
      {
        std::uint32_t steps = 0;
        if (body.size() != this->arm_->size() * sizeof(double) + sizeof(steps))
          throw std::runtime_error("Step: found a body of another length than the joints and the number of steps have");
        std::memcpy(&steps, body.data() + body.size() - sizeof(steps), sizeof(steps));
        this->arm_->follow(this->values({body.begin(), body.end() - sizeof(steps)}));
        // As fast as possible, but only while it steps: a paused world without a rate occupies a whole processor.
        this->world_->Physics()->SetRealTimeUpdateRate(0);
        this->world_->Step(steps);
        this->world_->Physics()->SetRealTimeUpdateRate(kWaitingRate);
        this->sendState(header.number);
        return;
      }
      case Kind::Teleport:
      {
        const boost::recursive_mutex::scoped_lock lock(*mutex);
        this->arm_->teleport(this->values(body));
        this->sendState(header.number);
        return;
      }
      case Kind::Render:
      case Kind::RenderAt:
      {
        LinkPoses shown, actual;
        gazebo::common::Time time;
        {
          const boost::recursive_mutex::scoped_lock lock(*mutex);
          time = this->world_->SimTime();
          actual = this->arm_->linkPoses();
          shown = header.kind == Kind::Render ? actual : this->arm_->linkPosesAt(this->values(body));
        }
        this->sendImage(header.number, time, this->studio_->render(shown, actual));
        return;
      }
      case Kind::Run:
        this->studio_->stream([this](gazebo::common::Time time, const Image &image) {
          this->sendImage(0, time, image);
        });
        this->isRunning_ = true;
        this->world_->Physics()->SetRealTimeUpdateRate(1.0 / this->world_->Physics()->GetMaxStepSize());
        this->world_->SetPaused(false);
        this->sendState(header.number);
        return;
      default:
        throw std::runtime_error("found a request of an unknown kind");
    }
  }

  std::vector<double> values(const std::vector<std::uint8_t> &body) const
  {
    std::vector<double> numbers(this->arm_->size());
    if (body.size() != numbers.size() * sizeof(double))
      throw std::runtime_error("found another number of values than joints");
    std::memcpy(numbers.data(), body.data(), body.size());
    return numbers;
  }

  void publishState()
  {
    const auto now = this->world_->SimTime();
    if (!this->isRunning_ || now < this->nextState_)
      return;
    this->nextState_ = now + this->statePeriod_;
    this->sendState(0);
  }

  void sendState(std::uint32_t number)
  {
    std::vector<std::uint8_t> body;
    append(body, nanoseconds(this->world_->SimTime()));
    for (const auto &values : {this->arm_->positions(), this->arm_->velocities(), this->arm_->efforts()})
      for (const double value : values)
        append(body, value);
    this->connection_->send(Kind::State, number, body);
  }

  void sendImage(std::uint32_t number, gazebo::common::Time time, const Image &image)
  {
    std::vector<std::uint8_t> body;
    append(body, nanoseconds(time));
    append(body, image.width);
    append(body, image.height);
    body.insert(body.end(), image.pixels.begin(), image.pixels.end());
    this->connection_->send(Kind::Image, number, body);
  }

  static std::int64_t nanoseconds(const gazebo::common::Time &time)
  {
    return std::int64_t{time.sec} * 1'000'000'000 + time.nsec;
  }

  gazebo::physics::WorldPtr world_;
  std::unique_ptr<Arm> arm_;
  std::unique_ptr<Studio> studio_;
  std::unique_ptr<Connection> connection_;
  gazebo::event::ConnectionPtr updateBegin_;
  gazebo::event::ConnectionPtr updateEnd_;
  std::thread server_;
  gazebo::common::Time statePeriod_;
  gazebo::common::Time nextState_;
  std::atomic<bool> isRunning_{false};
};
}  // namespace jepa_mpc

using jepa_mpc::ArmPlugin;
GZ_REGISTER_MODEL_PLUGIN(ArmPlugin)
